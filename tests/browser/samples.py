"""The sample pages, which `idp themes preview` shows too."""

from idp.web.samples import SAMPLES as SAMPLES
from idp.web.samples import dressed as dressed
