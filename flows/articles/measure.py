"""How long a text is, and how long it takes to read."""

import re

# Silent reading of non-fiction by adults: Brysbaert (2019), "How many words do we read per minute?",
# Journal of Memory and Language 109, 104047. It was measured in English, as are most newsletters' readers.
WORDS_PER_MINUTE = 238
# Characters that make a word where none are parted by spaces. Chinese 255 characters for 158 words a minute,
# Japanese 357 for 193: Trauzettel-Klosinski and Dietz (2012), "Standardized Assessment of Reading Performance:
# the New International Reading Speed Texts IReST", Investigative Ophthalmology & Visual Science 53, 5452.
# For Thai, Lao, Khmer and Burmese we found no such figure: theirs is our estimate.
_HAN_PER_WORD = 255 / 158
_JAPANESE_PER_WORD = 357 / 193
_THAI_PER_WORD = 4.5
HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003347f]")
KANA = re.compile("[\u3041-\u309f\u30a0-\u30ff\u31f0-\u31ff\uff66-\uff9f]")
_THAI = re.compile("[\u0e01-\u0e3a\u0e40-\u0e4e\u0e80-\u0ede\u1000-\u109f\u1780-\u17dd]")
_KANA_SHARE = 0.1  # of the characters; Japanese prose has about half, Chinese a name now and then


def count_words(text: str) -> int:
    """Words as written between spaces; in scripts without spaces, characters in proportion."""
    if text.isascii():
        return _spaced(text)
    text, thai = _THAI.subn(" ", text)
    text, kana = KANA.subn(" ", text)
    text, han = HAN.subn(" ", text)
    per_word = _JAPANESE_PER_WORD if kana >= _KANA_SHARE * (kana + han) else _HAN_PER_WORD
    return _spaced(text) + round((han + kana) / per_word + thai / _THAI_PER_WORD)


def _spaced(text: str) -> int:
    """What stands between spaces and has a letter or a digit in it."""
    words = text.split()
    signs = [word for word in words if not word[0].isalnum()]
    return len(words) - sum(not any(map(str.isalnum, word)) for word in signs)


def reading_minutes(words: int) -> int:
    """Whole minutes, at least one; 0 where there are no words to read."""
    return max(1, round(words / WORDS_PER_MINUTE)) if words > 0 else 0
