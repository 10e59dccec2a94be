"""What `idp themes new` writes: a theme that is right from the start. %NAME% is the partner's name."""

from __future__ import annotations

THEME = """\
# yaml-language-server: $schema=../theme.schema.json
# `idp themes check` says what is wrong; every line below may be changed.
display_name: %NAME%
color:
  light:
    text: "#1b1b1f"
    bg: "#f4f4f7"
    surface: "#ffffff"
    border: "#767680"
    primary: "#334e8c"
    on_primary: "#ffffff"
    focus: "#0b57d0"
    error: "#b3261e"
  dark:
    text: "#e6e6ea"
    bg: "#121316"
    surface: "#1c1d22"
    border: "#7d7e88"
    primary: "#aec6ff"
    on_primary: "#0e2352"
    focus: "#cfdcff"
    error: "#ffb4ab"
radius: 6 # 0 to 16
border:
  width: 1 # 1 to 3
space: normal # compact, normal, roomy
font:
  family: system # system, Marianne, Arial, Verdana, Georgia
  size: 16 # 16 to 20
logo:
  file: logo.svg # in static/; PNG or plain SVG, at most 32 KiB
  alt: %NAME%
  width: 48 # at most 200
  height: 48 # at most 48
text:
  fr:
    title: Accéder à %NAME%
    help: Avec le compte de votre entreprise.
    submit: sign_in # sign_in, continue, access, confirm
  en:
    title: Sign in to %NAME%
    help: With your company account.
    submit: sign_in
# link: # each one that is given is shown
#   forgotten_password: https://portail.example.fr/mot-de-passe-oublie
#   create_account: https://portail.example.fr/inscription
#   help: https://portail.example.fr/aide
#   certificate: https://portail.example.fr/certificat
layout: stacked # stacked, two-columns
show:
  fields_help: true
"""

LOGO = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48" width="48" height="48">
  <rect width="48" height="48" rx="10" fill="#334e8c"/>
  <circle cx="24" cy="24" r="10" fill="#ffffff"/>
</svg>
"""

MAIL_FR = """\
sender_name: %NAME%
signature: |
  L’équipe %NAME%
"""

MAIL_EN = """\
sender_name: %NAME%
signature: |
  The %NAME% team
"""
