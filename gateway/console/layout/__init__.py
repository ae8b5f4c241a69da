"""Layout of every page: base, navigation, formats and live views."""
