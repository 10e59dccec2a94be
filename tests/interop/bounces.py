"""Firefox's bounce tracking protection, enforced at once: what a site stored while one only passed through it goes.

By default Firefox waits ten seconds for the end of a navigation and an hour before it deletes; tests have neither.
"""

from __future__ import annotations

from tests.interop.firefox import Firefox, Value

ENFORCED: dict[str, Value] = {
    "privacy__bounceTrackingProtection__mode": 1,
    "privacy__bounceTrackingProtection__enableTestMode": True,
    "privacy__bounceTrackingProtection__bounceTrackingGracePeriodSec": 0,
    "privacy__bounceTrackingProtection__clientBounceDetectionTimerPeriodMS": 100,
}
SERVICE = (
    "const bounces = Cc['@mozilla.org/bounce-tracking-protection;1'].getService(Ci.nsIBounceTrackingProtection);"
    "const names = hosts => hosts.map(host => host.siteHost);"
)
IS_KNOWN = "return names(bounces.testGet{kind}({{}})).includes(arguments[0])"
LIFETIME = "return Services.prefs.getIntPref('privacy.bounceTrackingProtection.bounceTrackingActivationLifetimeSec')"


def is_judged(person: Firefox, host: str) -> bool:
    """Whether Firefox has made up its mind about a host: somebody used it, or one only passed through it."""
    kinds = ("UserActivationHosts", "BounceTrackerCandidateHosts")
    return any(person.chrome(SERVICE + IS_KNOWN.format(kind=kind), host) for kind in kinds)


def wait_until_judged(person: Firefox, host: str) -> None:
    """Until it has."""
    person.wait(lambda: is_judged(person, host), f"a verdict about {host}")


def purge(person: Firefox) -> list[str]:
    """Delete what those stored through whom one only passed; who they are."""
    purged: list[str] = person.chrome(SERVICE + "return bounces.testRunPurgeBounceTrackers()")
    return purged


def activation_lifetime(person: Firefox) -> int:
    """How many seconds Firefox remembers that somebody used a site."""
    return int(person.chrome(LIFETIME))


def forget_gestures(person: Firefox) -> None:
    """As after the 45 days for which Firefox remembers them."""
    person.chrome(SERVICE + "bounces.clearAll()")
