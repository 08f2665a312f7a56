"""What a name may be, and which names are too like another."""

import unicodedata
from collections import Counter
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.protocol import joiners, likeness
from chat.protocol.emoji import RGI
from chat.protocol.likeness import folded
from chat.protocol.names import LENGTH, NameInvalid, check, keys

pytestmark = pytest.mark.stack("embedded")  # needs no server: once is enough

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=60)  # surrogates too

ORDINARY = (
    """
Ada Alan Albert Alexander Alfred Alice Amelia Amy Andrea Andrew Angela Anna Anne Anthony Arthur
Barbara Ben Benjamin Betty Bill Bob Brandon Brenda Brian Bruce Carl Carol Carolyn Catherine Charles
Charlotte Christine Christopher Clara Craig Cynthia Daisy Daniel Dave David Deborah Dennis
Diana Donald Donna Dorothy Douglas Edward Elizabeth Ella Emily Emma Eric Ethan Eva Evelyn Florence
Frances Frank Freya Gary George Georgia Gerald Grace Graham Gregory Hannah Harold Harry Heather
Helen Henry Howard Hugo Ian Imogen Isaac Isabella Isla Jack Jacob James Jane Janet Jason Jennifer
Jeremy Jessica Joan Joe John Jonathan Joseph Joyce Judith Julia Justin Karen Kate Keith Kelly
Kenneth Kevin Larry Laura Lawrence Leo Liam Linda Lisa Lucy Luke Margaret Maria Mark Martin Mary
Matthew Max Megan Michael Mia Nancy Nathan Nicholas Nicole Nina Noah Oliver Olivia Pamela
Patricia Patrick Paul Peter Philip Rachel Ralph Raymond Rebecca Richard Robert Roger Rosa Roy Ruth
Ryan Samantha Samuel Sandra Sarah Scott Sharon Simon Sophie Stephen Susan Teresa Thomas Timothy Tom
Victor Virginia Walter Wayne William
Anaïs André Aurélie Benoît Céline Chloé Clément Édith Élise Étienne François Françoise Gaël Hélène
Inès Jérôme Léa Loïc Maël Noémie Océane Raphaël René Théo Zoé
Björn Bärbel Dörte Günther Jörg Jürgen Käthe Lütfi Männi Rüdiger Sören Thorsten Uwe Wolfgang
Agnieszka Błażej Grażyna Jarosław Łukasz Małgorzata Michał Paweł Piotr Stanisław Wojciech Zofia
Åsa Øyvind Ægir Þór Guðrún Sigríður Håkon Jyväskylä Mäkinen Väinö
Ángel Begoña Íñigo José Lucía Muñoz Núñez Óscar Rocío Sofía Joãozinho Conceição
Çağla Ömer Şebnem İbrahim Gül Işıl Žofie Dvořák Jiří Šárka Tereza Zdeněk
Анна Борис Вера Виктор Галина Дмитрий Елена Иван Ирина Катя Ксения Лев Людмила Максим Мария Михаил
Наталья Никита Ольга Павел Пётр Светлана Сергей Татьяна Фёдор Юлия Яна Олена Їжак
Αλέξανδρος Βασιλική Γιώργος Δήμητρα Ελένη Ιωάννης Κατερίνα Μαρία Νίκος Παναγιώτης Σοφία
أحمد محمد علي عمر فاطمة خديجة يوسف حسن حسين مريم زينب ליאור דוד משה שרה נועם יעל
刘洋 李娜 王伟 張偉 陳大文 山田太郎 佐藤 鈴木 さくら ひろし ケンタ 김민준 이서연 박지훈 최수빈
आरव प्रिया राहुल अनीता தமிழ் ราชา สมชาย Nguyễn Trần Hương Dũng Đặng
""".split()
    + [f"user{number}" for number in range(1, 21)]
)


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("Ada", "Ada"),
        ("  Ada \u00a0 \u3000 Lovelace ", "Ada Lovelace"),
        ("Rene\u0301", "René"),
        ("Ｂｏｂ", "Bob"),
        ("𝓐𝓭𝓪", "Ada"),
        ("O’Neil", "O’Neil"),
        ("R2-D2 (work)", "R2-D2 (work)"),
        ("<img src=x onerror=alert(1)>", "<img src=x onerror=alert(1)>"),
        ("🦊", "🦊"),
        ("👍🏽", "👍🏽"),
        ("🇳🇿", "🇳🇿"),
        ("❤\ufe0f", "❤"),  # a phone's keyboard adds U+FE0F
        ("👩\u200d💻", "👩\u200d💻"),
        ("Ada 👩🏽\u200d🚀 ", "Ada 👩🏽\u200d🚀"),
        ("👨\u200d👩\u200d👧\u200d👦🏴\u200d☠\ufe0f", "👨\u200d👩\u200d👧\u200d👦🏴\u200d☠\ufe0f"),
        ("❤\u200d🔥", "❤\ufe0f\u200d🔥"),  # as Unicode's list has it
        ("⠁👩\u200d💻", "⠁👩\u200d💻"),  # what stands in for it meanwhile
        ("x" * LENGTH, "x" * LENGTH),
        ("e\u0301" * LENGTH, "é" * LENGTH),
        ("Thế", "Thế"),
        ("प्रिया", "प्रिया"),
    ],
)
def test_a_name_is_shown_like_this(typed, shown):
    assert check(typed) == shown


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("", "at least one"),
        (" \u3000 ", "at least one"),
        ("\ufe0f", "at least one"),
        ("x" * (LENGTH + 1), "at most 32"),
        ("x" * 16_000, "at most 32"),
        ("ﷺ" * 3, "at most 32"),  # one character as typed, 18 as shown
        ("Ada\n", "invisible"),
        ("A\x00da", "invisible"),
        ("A\u200bda", "invisible"),  # zero-width space
        ("A\u00adda", "invisible"),  # soft hyphen
        ("👩\u200d", "invisible"),
        ("\u200d👩", "invisible"),
        ("A\u200dB", "invisible"),
        ("👩\u200d💻\u200d💻", "invisible"),  # begins like one of the list
        ("👩\u200d\u200d💻", "invisible"),
        ("🦊\u200d🐻", "invisible"),  # joined by nobody but their author
        ("👨\u200d👩\u200d👧\u200d👦" * 5, "at most 32"),  # seven each
        ("\u202eadA", "invisible"),  # right-to-left override
        ("A\u2066da", "invisible"),  # isolate
        ("A\ud800da", "invisible"),  # half a character
        ("Ada\U000e0041", "invisible"),  # tag
        ("\u2800", "invisible"),  # blank Braille
        ("Ada\u2800", "invisible"),
        ("\ufffc", "invisible"),
        ("\u3164", "can't have"),  # Hangul filler
        ("\u115f", "can't have"),
        ("Ada\u034f", "can't have"),  # grapheme joiner
        ("A\ue000da", "can't have"),  # private use
        ("A\uffffda", "can't have"),
        ("\u0301", "begin with an accent"),
        ("\u00a8", "begin with an accent"),
        ("Z\u0301\u0302\u0303\u0304\u0305algo", "accents"),
        ("Z\u0301\u0301algo", "accents"),
    ],
)
def test_a_name_is_refused_with_a_reason(typed, reason):
    with pytest.raises(NameInvalid, match=reason):
        check(typed)


@given(ANY_TEXT)
def test_checking_any_text_ends_in_a_name_or_a_reason(text):
    with suppress(NameInvalid):
        name = check(text)
        assert check(name) == name
        assert 1 <= len(name) <= LENGTH
        assert all(0 < len(key) <= 20 * LENGTH for key in keys(name))  # they fit the columns


@given(ANY_TEXT)
def test_a_key_is_never_empty_and_its_own_key(text):
    with suppress(NameInvalid):
        for key in keys(check(text)):
            assert key
            assert folded(key) == key


def test_each_character_that_looks_like_others_has_a_key_that_is_its_own():
    for code in likeness._PROTOTYPES.keys() | likeness._SHAPED.keys():
        with suppress(NameInvalid):
            for key in keys(check(chr(code))):
                assert 0 < len(key) <= 1000
                assert folded(key) == key


def test_every_joined_emoji_of_unicodes_list_is_a_name_as_it_stands_there():
    for joined in RGI:
        if joiners.JOINER in joined and not unassigned(joined):
            assert check(joined) == joined


def unassigned(text: str) -> bool:
    """By the Unicode of this Python, which PRECIS follows."""
    return any(unicodedata.category(char) == "Cn" for char in text)


def test_unicodes_files_are_unicodes():
    folder = Path(likeness.__file__).parent / "unicode"
    for line in (folder / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split()
        assert sha256((folder / name).read_bytes()).hexdigest() == digest


def look_alike(one: str, other: str) -> bool:
    return any(a == b for a, b in zip(keys(check(one)), keys(check(other)), strict=True))


@pytest.mark.parametrize(
    ("held", "wanted"),
    [
        ("Ada", "ada"),
        ("Ada", "ADA"),
        ("Straße", "STRASSE"),
        ("Ada Lovelace", "ada  lovelace"),
        ("Alice", "AIice"),  # capital i
        ("Alice", "A1ice"),
        ("Alice", "ALICE"),
        ("Paul", "PAU1"),
        ("Bob", "Воb"),  # Cyrillic В and о
        ("Bob", "b0b"),
        ("BOB", "ВОВ"),  # all Cyrillic
        ("Oscar", "Оѕсаr"),  # Cyrillic О, ѕ, с, а
        ("Ada", "Αda"),  # Greek Α
        ("Nora", "Νοra"),  # Greek Ν, ο
        ("Bob", "Ｂｏｂ"),
        ("Bob", "𝐁𝐨𝐛"),
        ("Fiona", "ﬁona"),
        ("Emma", "Ernma"),
        ("O'Neil", "O’Neil"),
        ("Anne-Marie", "Anne‐Marie"),  # U+2010
        ("René", "Rene\u0301"),
        ("❤", "❤\ufe0f"),
        ("José", "Jose"),
        ("Łukasz", "Lukasz"),
        ("Пётр", "Петр"),
        ("Γιώργος", "Γιωργος"),
        ("Ann Marie", "Annmarie"),
        ("David", "Dav🆔"),
        ("user1", "user❶"),
        ("👩\u200d💻", "👩💻"),
    ],
)
def test_a_look_alike_shares_a_key(held, wanted):
    assert look_alike(held, wanted)


MODERATOR = """
Moderatoṛ Ｍoderator Ⓜoderator 🄼oderator 🅜oderator 🅼oderator 🇲oderator 𝕄oderator ᴍᴏᴅᴇʀᴀᴛᴏʀ мoderator
Moderator̷ Moderator⃝ Mođeratør Mödérātôr Moderator٠ Moderator. .Moderator mod-e_rator “Moderator”
Moderator՚ Moderatorʾ Moderatorǃ Moderator۔ Moderator~ Moderator° Moderator¨ Moderator` M0derat0r
MODERATOR МОDЕRАТОR
""".split()


@pytest.mark.parametrize("wanted", [*MODERATOR, "Moder ator", " M o d e r a t o r "])
def test_no_disguise_of_a_name_is_another_name(wanted):
    assert look_alike("Moderator", wanted)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ada", "Eda"),
        ("Ann", "Anne"),
        ("李雷", "李蕾"),
        ("प", "पि"),  # in other scripts marks are letters of their own
        ("はは", "ばば"),
        ("עט", "עָט"),
        ("user1", "user11"),
        ("😀", "😃"),
        ("👍🏻", "👍🏿"),
        ("👩\u200d💻", "👨\u200d💻"),
        ("🇳🇿", "🇳🇴"),
        ("...", "???"),  # where nothing would be left
        (":-)", ":-("),
        ("🏽", "🏾"),
    ],
)
def test_other_names_share_none(one, other):
    assert not look_alike(one, other)


def test_ordinary_names_do_not_get_in_each_others_way():
    assert len(ORDINARY) == len(set(ORDINARY)) > 300
    for column in zip(*(keys(check(name)) for name in ORDINARY), strict=True):
        assert [key for key, count in Counter(column).items() if count > 1] == []
