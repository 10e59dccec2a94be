"""The machine interface of the gateway's own resources: nothing here yet."""
