from idp import Settings, create_app

app = create_app(Settings.from_environment())
