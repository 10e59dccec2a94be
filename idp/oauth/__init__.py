"""OAuth 2.0 and OpenID Connect endpoints, on Authlib. The only place that knows Authlib."""
