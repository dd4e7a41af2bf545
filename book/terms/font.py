"""Cut a Chinese font down to the characters of the glossary.

A reader, or the machine that prints the book, may have no Chinese font. The site therefore carries
a small one, with the characters of the glossary alone. Make it anew when `terms.toml` has got
characters that it lacks; a test says so. The source is any open font with simplified Chinese::

    python -m book.terms.font NotoSansCJKsc-Regular.otf

The stored file was cut from Noto Sans CJK SC, which is under the SIL Open Font License
(`book/static/terms_chinese.license.txt`).
"""

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

from book.errors import BookError
from book.terms.glossary import terms

STORED = Path(__file__).resolve().parents[1] / "static" / "terms_chinese.woff"
FAMILY = "Unrolled Chinese"
NAMES_OF_FAMILY = (1, 3, 4, 6, 16)  # entries of the table of names that hold the name of the font


def characters() -> set[str]:
    """Give the characters of all Chinese names that stand outside of ASCII.

    Returns
    -------
    characters : set of str
    """
    return {letter for term in terms() for letter in term.chinese if not letter.isascii()}


def characters_of(path: Path) -> set[str]:
    """Give the characters that a font can draw.

    Parameters
    ----------
    path : Path
        A font file.

    Returns
    -------
    characters : set of str
    """
    with path.open("rb") as file:  # WOFF's reader leaves a file open that it has opened itself
        return set(map(chr, TTFont(file).getBestCmap()))


def cut(source: Path, target: Path) -> int:
    """Write the part of a font that the glossary needs.

    Parameters
    ----------
    source : Path
        A font with simplified Chinese characters.
    target : Path
        The WOFF file to write.

    Returns
    -------
    size : int
        Its size in bytes.

    Raises
    ------
    BookError
        If the font lacks characters.
    """
    wanted = characters()
    missing = wanted - characters_of(source)
    if missing:
        raise BookError(
            f"{source.name} lacks {''.join(sorted(missing))}. Take a font with all simplified"
            " Chinese characters, such as Noto Sans CJK SC."
        )
    options = subset.Options(
        flavor="woff", hinting=False, layout_features=[], name_IDs=["*"], notdef_outline=True
    )
    with source.open("rb") as file:
        font = TTFont(file, lazy=False)
    subsetter = subset.Subsetter(options)
    subsetter.populate(text="".join(sorted(wanted)))
    subsetter.subset(font)
    for record in font["name"].names:
        if record.nameID in NAMES_OF_FAMILY:  # the part is another font and says so
            spaces = "" if record.nameID == 6 else " "
            font["name"].setName(
                FAMILY.replace(" ", spaces),
                record.nameID,
                record.platformID,
                record.platEncID,
                record.langID,
            )
    subset.save_font(font, str(target), options)
    return target.stat().st_size


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    print(f"{STORED}: {cut(Path(sys.argv[1]), STORED):,} bytes, {len(characters())} characters")
