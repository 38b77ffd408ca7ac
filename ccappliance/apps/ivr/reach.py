"""What flows may reach outside the house: sources of data, webhooks, scripts."""

from dataclasses import dataclass

from ccappliance.apps.ivr.agi.scripts import Scripts
from ccappliance.apps.ivr.sources.sources import Sources
from ccappliance.apps.ivr.webhooks import Webhooks


@dataclass(frozen=True)
class Reach:
    """The same objects for all flows of one configuration."""

    sources: Sources
    webhooks: Webhooks
    scripts: Scripts
