"""The outside world: clock, randomness, hasher, signer, mailer, outbound client, files. One quiet twin each."""
