"""The sentences of the check of a partner's page: what was found, and what to write instead."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from idp.domain.portals.widget_findings import Found, Mark
from idp.usecases.portals.widget_check import Unjudged

MARKS = {
    Mark.BROKEN: _("À corriger"),
    Mark.WARNING: _("À surveiller"),
    Mark.OK: _("En ordre"),
}
UNJUDGED = {
    Unjudged.NO_WIDGET: _(
        "Ce client n’est pas connu, ou n’a pas de widget : demandez-le à l’opérateur de la passerelle."
    ),
    Unjudged.ELSEWHERE: _(
        "Cette adresse n’est à aucune des origines enregistrées pour le widget de ce client (widget.origins). "
        "Rien n’a été demandé à ce serveur."
    ),
    Unjudged.UNREAD: _(
        "Cette page n’a pas pu être lue. Elle doit être publique et répondre en moins de 5 secondes, par 200 et sans "
        "redirection, du HTML de 256 ko au plus, en https avec un certificat reconnu."
    ),
}
SENTENCES = {
    Found.WIDGET_OFF: _("L’opérateur a coupé le widget de ce client : seul le lien de repli fonctionne."),
    Found.SCRIPT_REFUSED: _("Votre CSP refuse le script du widget. Ajoutez cette source à script-src :"),
    Found.SCRIPT_NEEDS_NONCE: _(
        "Votre CSP dit 'strict-dynamic' : les adresses n’y comptent pas. Donnez à la balise le nonce de la page :"
    ),
    Found.FRAME_REFUSED: _("Votre CSP refuse le cadre du formulaire. Ajoutez cette source à frame-src :"),
    Found.START_REFUSED: _("Votre CSP empêche le widget d’appeler start-url. Ajoutez cette source à connect-src :"),
    Found.SANDBOXED: _("Votre page est dans un bac à sable (sandbox) trop étroit. Écrivez au moins :"),
    Found.SCRIPT_MISSING: _("La page ne charge pas le script du widget. Écrivez cette balise :"),
    Found.SCRIPT_UNKNOWN: _("Cette version du script n’existe pas ici. Écrivez cette balise :"),
    Found.INTEGRITY_WRONG: _(
        "L’empreinte (integrity) n’est pas celle de cette version : le navigateur refuse le script. Écrivez :"
    ),
    Found.INTEGRITY_OF_CHANGING: _(
        "Une empreinte (integrity) sur une adresse dont le contenu change cessera de convenir. "
        "Écrivez l’adresse d’une version :"
    ),
    Found.CROSSORIGIN_MISSING: _("Avec une empreinte, le script doit être demandé sans cookie. Écrivez :"),
    Found.ELEMENT_MISSING: _(
        "La page ne contient pas l’élément du widget. Si l’un de vos scripts le crée, vérifiez-le vous-même ; "
        "sinon, écrivez :"
    ),
    Found.ISSUER_WRONG: _("L’attribut issuer de l’élément n’est pas l’adresse de cette passerelle. Écrivez :"),
    Found.CLIENT_WRONG: _("L’attribut client-id de l’élément n’est pas celui de ce client. Écrivez :"),
    Found.START_MISSING: _("L’élément n’a ni start-url ni request-uri : aucune connexion ne peut commencer. Écrivez :"),
    Found.START_ELSEWHERE: _("start-url doit être une adresse de votre propre site. Écrivez par exemple :"),
    Found.REQUEST_WRONG: _("L’attribut request-uri n’est pas ce que /par a répondu. Il se lit :"),
    Found.COMPLETION_WRONG: _(
        "L’élément attend un message, mais ce client n’y a pas droit. "
        "Ôtez completion, ou demandez à l’opérateur d’écrire :"
    ),
    Found.PLAIN_HTTP: _("La page est en http : bon pour un essai sur votre machine, jamais en production."),
    Found.HSTS_MISSING: _("Sans HSTS, une première visite peut passer par http. Ajoutez l’en-tête :"),
    Found.MAY_BE_FRAMED: _(
        "Un autre site peut encadrer votre page ; le formulaire refuserait alors de s’y montrer. Ajoutez :"
    ),
    Found.REFERRER_TELLS: _("Votre Referrer-Policy donne les adresses de vos pages aux autres sites. Écrivez :"),
    Found.POLICY_MISSING: _(
        "La page n’a pas de politique CSP : un script étranger pourrait remplacer le formulaire. Commencez par :"
    ),
    Found.FEDCM_REFUSED: _("Votre CSP empêche FedCM ; le formulaire reste. Ajoutez cette source à connect-src :"),
    Found.FEDCM_DENIED: _("Votre Permissions-Policy interdit FedCM ; le formulaire reste. Écrivez :"),
    Found.PASSKEYS_DENIED: _("Votre Permissions-Policy refuse les clés d’accès au cadre. Écrivez :"),
    Found.STORAGE_DENIED: _("Votre Permissions-Policy refuse au cadre de demander l’accès au stockage. Écrivez :"),
    Found.OPENER_ISOLATED: _(
        "Cette COOP coupe la fenêtre surgissante de votre page ; la redirection la remplace. Écrivez :"
    ),
    Found.SCRIPT_ELSEWHERE: _(
        "Le script vient d’ailleurs que de la passerelle : il ne sera pas corrigé avec elle. Écrivez :"
    ),
    Found.INTEGRITY_MISSING: _("Le script n’est pas épinglé par son empreinte. Écrivez :"),
    Found.REQUEST_ONCE: _("Sans start-url, le widget ne peut rien redemander quand la demande expire. Ajoutez :"),
    Found.FEDCM_OFF: _("L’élément demande FedCM, mais ce client ne l’a pas. L’opérateur écrit :"),
    Found.POPUP_OFF: _("L’élément demande la fenêtre surgissante, mais ce client ne l’a pas. L’opérateur écrit :"),
    Found.LINK_MISSING: _("L’élément ne contient pas de lien : sans JavaScript, rien ne s’affiche. Écrivez dedans :"),
    Found.TRANSPORT_OK: _("La page est en https, et HSTS l’y maintient."),
    Found.FRAMING_OK: _("La page dit qui peut l’encadrer."),
    Found.REFERRER_OK: _("La Referrer-Policy de la page convient."),
    Found.SCRIPT_ADMITTED: _("Votre CSP admet le script du widget."),
    Found.FRAME_ADMITTED: _("Votre CSP admet le cadre du formulaire."),
    Found.CONNECT_ADMITTED: _("Votre CSP admet les appels du widget."),
    Found.FORM_ACTION_OK: _("form-action ne gêne pas : c’est le cadre, et non votre page, qui envoie le formulaire."),
    Found.TRUSTED_TYPES_OK: _("Trusted Types ne gêne pas : le script du widget n’écrit jamais de HTML."),
    Found.PERMISSIONS_OK: _("Votre Permissions-Policy laisse au cadre ce qu’il demande."),
    Found.OPENER_OK: _("Cette COOP ne gêne pas le widget."),
    Found.EMBEDDER_OK: _("COEP ne gêne pas : le script et le cadre disent qu’on peut les embarquer."),
    Found.SCRIPT_OK: _("Le script vient de la passerelle, épinglé à sa version par la bonne empreinte."),
    Found.ELEMENT_OK: _("L’élément du widget est bien écrit."),
    Found.LINK_OK: _("L’élément contient un lien pour qui ne voit pas le cadre."),
}
