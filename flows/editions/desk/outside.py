"""What the desk asks of the outside world while somebody waits: few at a time, and in less time than usual."""

from concurrent.futures import ThreadPoolExecutor

from flows.settings import Settings

# Pages that wait for strangers' servers have threads of their own: they cannot keep the desk from answering.
POOL = ThreadPoolExecutor(4, thread_name_prefix="outside")
_FETCH_S = 12.0  # and 10 s for reading: nobody waits longer than half a minute


def in_haste(settings: Settings) -> Settings:
    """The settings for one feed that somebody waits for; the pages of its articles come with the next collection."""
    hasty = min(settings.fetch_timeout_s, _FETCH_S)
    return settings.model_copy(update={"fetch_timeout_s": hasty, "pages_most": 0, "reading_processes": 1})
