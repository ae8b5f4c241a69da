"""Settings grouped by topic; `gateway.config.settings` combines them."""

from gateway.config.setting_groups.conversations import ConversationSettings
from gateway.config.setting_groups.dialogs import DialogSettings
from gateway.config.setting_groups.limits import LimitSettings
from gateway.config.setting_groups.privacy import PrivacySettings
from gateway.config.setting_groups.processes import ProcessSettings

__all__ = ["ConversationSettings", "DialogSettings", "LimitSettings", "PrivacySettings", "ProcessSettings"]
