"""Words, minutes and languages of texts in several scripts."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.articles.language_model import identifier
from flows.articles.measure import count_words, reading_minutes
from flows.articles.tongue import language_of

MODELS = {
    "en": "Large language models are used more and more often in hospitals, but researchers warn of errors.",
    "pl": "Wielkie modele językowe są coraz częściej używane w szpitalach, a naukowcy ostrzegają przed błędami.",
    "de": "Große Sprachmodelle werden immer häufiger in Kliniken eingesetzt, doch Forscher warnen vor Fehlern.",
    "fr": "Les grands modèles de langage sont de plus en plus utilisés dans les hôpitaux, malgré les erreurs.",
    "es": "Los grandes modelos de lenguaje se utilizan cada vez más en los hospitales, pese a los errores.",
    "ru": "Большие языковые модели все чаще используются в больницах, но исследователи предупреждают об ошибках.",
    "uk": "Великі мовні моделі дедалі частіше використовують у лікарнях, але дослідники попереджають про помилки.",
    "ar": "تستخدم النماذج اللغوية الكبيرة بشكل متزايد في المستشفيات لكن الباحثين يحذرون من الأخطاء",
    "he": "מודלי שפה גדולים נמצאים בשימוש הולך וגובר בבתי חולים אך חוקרים מזהירים מפני טעויות",
    "ja": "大規模言語モデルは病院でますます使われているが、研究者は誤りを警告している。",
    "zh": "大型语言模型越来越多地用于医院，研究人员警告说错误可能很危险。",
    "ko": "대규모 언어 모델이 병원에서 점점 더 많이 사용되고 있지만 연구자들은 오류가 위험할 수 있다고 경고한다.",
    "th": "แบบจำลองภาษาขนาดใหญ่ถูกใช้มากขึ้นในโรงพยาบาล แต่นักวิจัยเตือนถึงข้อผิดพลาด",
    "hi": "बड़े भाषा मॉडल का अस्पतालों में तेजी से उपयोग किया जा रहा है लेकिन शोधकर्ता त्रुटियों की चेतावनी देते हैं",
}


@pytest.mark.parametrize("language", MODELS)
def test_a_sentence_tells_its_language_whatever_the_page_says(language: str) -> None:
    assert language_of(MODELS[language], "xx") == language


@pytest.mark.parametrize(
    ("text", "hint", "language"),
    [
        ("", "", ""),
        ("", "pl", "pl"),
        ("GPT-5", "de-AT", "de"),
        ("GPT-5", "EN_us", "en"),
        ("GPT-5", "iw", "he"),
        ("GPT-5", "nb-NO", "no"),
        ("GPT-5", "english", ""),
        ("GPT-5", "<script>", ""),
        ("GPT-5", "e", ""),
        ("1234567890 " * 50, "fr", "fr"),
        ("lorem" * 20, "", ""),
    ],
)
def test_where_the_text_cannot_tell_the_hint_decides(text: str, hint: str, language: str) -> None:
    assert language_of(text, hint) == language


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", 0),
        ("one two-three  four's 5", 4),
        ("- one\n\n1. two | three — ·", 4),  # the number of a list item is a word, a dash is none
        ("żółć „ząb”", 2),
        ("नमस्ते दुनिया", 2),
        ("안녕하세요 세계", 2),
        ("大" * 255, 158),
        ("あ" * 357, 193),
        ("人工知能" * 10 + "を" * 10, 27),
        ("ก" * 45, 10),
        ("GPT-5 是一个语言模型", 5),
    ],
)
def test_words_are_counted_in_any_script(text: str, words: int) -> None:
    assert count_words(text) == words


@pytest.mark.parametrize(("words", "minutes"), [(0, 0), (1, 1), (238, 1), (476, 2), (600, 3), (2380, 10)])
def test_minutes_are_whole_and_at_least_one_where_there_are_words(words: int, minutes: int) -> None:
    assert reading_minutes(words) == minutes


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200), st.text(max_size=200))
def test_two_paragraphs_have_about_the_words_of_both(one: str, other: str) -> None:
    both, apart = count_words(f"{one}\n\n{other}"), count_words(one) + count_words(other)
    assert both <= len(one) + len(other)
    if one.isascii() and other.isascii():
        assert both == apart


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=300), st.text(max_size=10))
def test_any_text_has_a_language_of_two_letters_or_none(text: str, hint: str) -> None:
    assert language_of(text, hint).isascii()
    assert len(language_of(text, hint)) in {0, 2}


def test_a_megabyte_costs_little() -> None:
    identifier()
    started = time.process_time()
    language_of("wort大ก " * 150_000)
    count_words("wort大ก " * 150_000)
    assert time.process_time() - started < 2
