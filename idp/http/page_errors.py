"""Every error page there is: its code, its title, its text."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


def _(text: str) -> str:
    """Marks a text for the catalogues; http/pages.py translates it when it is shown."""
    return text


class PageError(StrEnum):
    """What may be wrong, as pages say it."""

    BAD_REQUEST = "bad_request"
    UNKNOWN_CLIENT = "unknown_client"
    UNTRUSTED_REDIRECT = "untrusted_redirect"
    UNTRUSTED_REQUEST = "untrusted_request"
    UNKNOWN_TRANSACTION = "unknown_transaction"
    EXPIRED_TRANSACTION = "expired_transaction"
    CLOSED_TRANSACTION = "closed_transaction"
    FOREIGN_BROWSER = "foreign_browser"
    UNKNOWN_DEVICE_CODE = "unknown_device_code"
    STALE_FORM = "stale_form"
    WIDGET_OFF = "widget_off"
    SPENT_LINK = "spent_link"
    WRONG_SCHEME = "wrong_scheme"
    TOO_LARGE = "too_large"
    TOO_MANY_REQUESTS = "too_many_requests"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    UNAVAILABLE = "unavailable"
    INTERNAL = "internal"


_START_AGAIN = _("Recommencez la connexion depuis votre portail.")

TEXTS: Mapping[PageError, tuple[str, str]] = {
    PageError.BAD_REQUEST: (
        _("Cette demande ne peut pas être traitée"),
        _("L’adresse ou le formulaire reçu n’est pas valable. Recommencez depuis votre portail."),
    ),
    PageError.UNKNOWN_CLIENT: (
        _("Ce portail n’est pas connu"),
        _("Le portail qui vous envoie ici n’est pas inscrit auprès de ce service. Signalez-le à ce portail."),
    ),
    PageError.UNTRUSTED_REDIRECT: (
        _("Ce portail ne peut pas être servi"),
        _(
            "Le portail demande un retour vers une adresse qu’il n’a pas inscrite. "
            "Par sécurité, la connexion s’arrête ici. Signalez-le à ce portail."
        ),
    ),
    PageError.UNTRUSTED_REQUEST: (
        _("Cette demande de connexion n’est pas ou plus valable"),
        _("Elle a déjà servi, elle a expiré ou elle n’est pas de ce portail. Recommencez depuis votre portail."),
    ),
    PageError.WIDGET_OFF: (
        _("Le formulaire de connexion ne peut pas être affiché ici"),
        _("Connectez-vous par le lien de votre portail : il mène à la page de connexion."),
    ),
    PageError.UNKNOWN_TRANSACTION: (_("Cette page ne mène plus nulle part"), _START_AGAIN),
    PageError.EXPIRED_TRANSACTION: (
        _("Votre demande de connexion a expiré"),
        _("Elle est restée ouverte trop longtemps. Recommencez la connexion depuis votre portail."),
    ),
    PageError.CLOSED_TRANSACTION: (
        _("Cette connexion est déjà terminée"),
        _("Une page de connexion ne sert qu’une fois. Pour vous connecter de nouveau, repartez de votre portail."),
    ),
    PageError.FOREIGN_BROWSER: (
        _("Cette connexion a été commencée ailleurs"),
        _(
            "Elle appartient à un autre navigateur, ou vos cookies ont été effacés. "
            "Si quelqu’un vous a envoyé ce lien, ne l’utilisez pas. Recommencez la connexion depuis votre portail."
        ),
    ),
    PageError.UNKNOWN_DEVICE_CODE: (
        _("Ce code ne sert plus"),
        _("Il a expiré, ou une réponse lui a déjà été donnée. Demandez un nouveau code à votre appareil."),
    ),
    PageError.STALE_FORM: (
        _("Ce formulaire n’est plus valable"),
        _("Il a été ouvert dans un autre navigateur ou avant un changement de session. Rien n’a été enregistré."),
    ),
    PageError.SPENT_LINK: (
        _("Ce lien ne sert plus"),
        _("Il ne sert qu’une fois, pendant trente minutes. Attendez le délai indiqué, puis reprenez la connexion."),
    ),
    PageError.WRONG_SCHEME: (
        _("Cette adresse n’est pas la bonne"),
        _("Ce service ne répond qu’à son adresse officielle. Vérifiez l’adresse affichée par votre navigateur."),
    ),
    PageError.TOO_LARGE: (
        _("Cette demande est trop longue"),
        _("L’adresse ou le formulaire reçu dépasse la taille acceptée. Recommencez depuis votre portail."),
    ),
    PageError.TOO_MANY_REQUESTS: (
        _("Trop de demandes"),
        _("Un grand nombre de demandes vient de votre réseau. Attendez un instant, puis recommencez."),
    ),
    PageError.NOT_FOUND: (
        _("Cette page n’existe pas"),
        _("L’adresse a peut-être été mal recopiée. Repartez de votre portail."),
    ),
    PageError.METHOD_NOT_ALLOWED: (
        _("Cette page ne s’ouvre pas ainsi"),
        _("Cette adresse est réservée aux échanges entre services. Repartez de votre portail."),
    ),
    PageError.UNAVAILABLE: (
        _("Le service est momentanément indisponible"),
        _("Rien n’a été perdu ni enregistré à moitié. Réessayez dans un instant."),
    ),
    PageError.INTERNAL: (
        _("Une erreur est survenue"),
        _(
            "L’incident est noté de notre côté. Réessayez dans un instant ; "
            "s’il se répète, donnez la référence ci-dessous."
        ),
    ),
}
