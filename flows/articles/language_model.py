"""The model of py3langid, which knows ninety languages: loaded once, where a glance does not tell."""

import lzma
from functools import cache
from io import BytesIO

import numpy as np
from py3langid.langid import MODEL_DIR, MODEL_FILE, LanguageIdentifier


@cache
def identifier() -> LanguageIdentifier:
    """The one model of this process, of py3langid. Loading it takes 0.6 s of CPU, 140 MB for a moment and half of
    that for good; asking it takes 1 ms a text.

    Its own loader unpacks into a temporary file, which the reading process may not write: so it is unpacked here.
    """
    with lzma.open(MODEL_DIR / MODEL_FILE) as packed, np.load(BytesIO(packed.read()), allow_pickle=False) as model:
        return LanguageIdentifier(
            model["ptc"],
            model["pc"],
            model["classes"].tolist(),
            memoryview(model["nextmove"]),
            model["out_feat"].tolist(),
            norm_probs=True,
            tk_row=memoryview(model["nextmove_row"]),
        )
