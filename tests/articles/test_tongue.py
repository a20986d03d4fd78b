"""The language of running text at a glance."""

import pytest

from flows.articles.tongue import language_at_a_glance

TEXTS = {
    "en": "The model was trained for a week on text that anybody can read, and the results of it are in a table at the "
    "end. We do not know whether this holds for other data, but it is what they found in the first place.",
    "de": "Das Modell wurde eine Woche lang mit Texten trainiert, die jeder lesen kann, und die Ergebnisse stehen in "
    "einer Tabelle am Ende. Ob es für andere Daten gilt, ist nicht bekannt, aber das haben sie auch nicht gesagt.",
    "fr": "Le modèle a été entraîné durant une semaine sur des textes que chacun peut lire, et les résultats sont dans "
    "un tableau à la fin. On ne sait pas si cela vaut pour les autres données, mais il est utile de le dire.",
    "es": "El modelo fue entrenado durante una semana con los textos que todos pueden leer, y los resultados están en "
    "una tabla al final. No se sabe si esto vale para otros datos, pero es lo que se ha visto en el primer caso.",
    "it": "Il modello è stato allenato per una settimana su testi che tutti possono leggere, e i risultati sono in una "
    "tabella alla fine. Non si sa se questo vale anche per gli altri dati, ma è quello che si è visto nel caso.",
    "pt": "O modelo foi treinado por uma semana com textos que todos podem ler, e os resultados estão em uma tabela no "
    "final. Não se sabe se isso vale para outros dados, mas é o que foi visto no primeiro caso, e não é pouco.",
    "nl": "Het model is een week lang getraind op teksten die iedereen kan lezen, en de resultaten staan in een tabel "
    "aan het einde. Of dit ook voor andere gegevens geldt is niet bekend, maar het is wat er is gevonden.",
    "pl": "Model był uczony przez tydzień na tekstach, które każdy może przeczytać, a wyniki są w tabeli na końcu. "
    "Nie wiadomo, czy to jest prawda dla innych danych, ale tak się stało i to jest wszystko, co o tym wiemy.",
    "sv": "Modellen tränades i en vecka på texter som alla kan läsa, och resultaten finns i en tabell på slutet. Det "
    "är inte känt om det gäller för andra data, men det är vad de har funnit och det var inte så lite när man ser.",
    "ru": "Модель учили неделю на текстах, которые может прочесть каждый, и результаты стоят в таблице в конце. Не "
    "известно, так ли это для других данных, но это то, что они нашли, и не только на первых из них.",
}


@pytest.mark.parametrize(("language", "text"), TEXTS.items())
def test_running_text_gives_its_language_away(language: str, text: str) -> None:
    assert language_at_a_glance(text) == language


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Release 2.4.1",
        "def read(feed): return [entry for entry in feed if entry.link] " * 9,
        "Tekst in het Nederlands and English mixed, der die das and so weiter, le la les. " * 4,
        "模型在公开文本上训练了一周，结果列在最后的表格中。" * 5,
        "Malli opetettiin viikon ajan teksteillä, joita kuka tahansa voi lukea, ja tulokset ovat lopussa. " * 4,
    ],
)
def test_what_it_cannot_tell_it_does_not_say(text: str) -> None:
    assert language_at_a_glance(text) == ""


def test_danish_which_is_near_to_norwegian_is_left_to_the_model() -> None:
    danish = (
        "Modellen blev trænet i en uge på tekster, som alle kan læse, og resultaterne står i en tabel til sidst. Det "
        "vides ikke, om det gælder for andre data, men det er, hvad de har fundet, og det var ikke så lidt."
    )
    assert language_at_a_glance(danish) == ""
