"""What a visible label says, in each language it can say it in, and where its glyphs are in the bundled font.

The words are fixed: a label that an organisation could word as it likes might say anything. `text` is the plain label,
`warning` the word that leads the band, `sign` the two letters of the icon (the form that the EU's code of practice
proposes). Languages without letters of their own for it use "AI".

To add a language: a line here, then `python -m tests.provenance.bundle_labels`, which shapes every wording and makes it
glyphs of its own, at code points of the private use area. A picture is then labelled in Arabic, Bengali or Tamil on a
machine that has neither the fonts nor a shaping engine.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Words:
    """One language's words; `name` is the language's own name for itself."""

    name: str
    text: str
    warning: str
    sign: str = "AI"


LANGUAGES: Mapping[str, Words] = MappingProxyType(
    {
        "am": Words("አማርኛ", "በAI የተፈጠረ", "ማስመሰል"),
        "ar": Words("العربية", "مُولَّد بالذكاء الاصطناعي", "محاكاة"),
        "bn": Words("বাংলা", "এআই দ্বারা তৈরি", "সিমুলেশন"),
        "de": Words("Deutsch", "KI-generiert", "SIMULATION", "KI"),
        "en": Words("English", "AI-generated", "SIMULATION"),
        "es": Words("Español", "Generado con IA", "SIMULACIÓN", "IA"),
        "fa": Words("فارسی", "ساخته‌شده با هوش مصنوعی", "شبیه‌سازی"),
        "fr": Words("Français", "Généré par IA", "SIMULATION", "IA"),
        "hi": Words("हिन्दी", "एआई द्वारा निर्मित", "सिमुलेशन"),
        "id": Words("Bahasa Indonesia", "Dibuat dengan AI", "SIMULASI"),
        "it": Words("Italiano", "Generato con IA", "SIMULAZIONE", "IA"),
        "ja": Words("日本語", "AI生成", "シミュレーション"),
        "ko": Words("한국어", "AI 생성", "시뮬레이션"),
        "ne": Words("नेपाली", "एआईद्वारा निर्मित", "सिमुलेसन"),
        "nl": Words("Nederlands", "AI-gegenereerd", "SIMULATIE"),
        "pt": Words("Português", "Gerado por IA", "SIMULAÇÃO", "IA"),
        "ru": Words("Русский", "Создано ИИ", "СИМУЛЯЦИЯ", "ИИ"),
        "sw": Words("Kiswahili", "Imeundwa kwa AI", "UIGAJI"),
        "ta": Words("தமிழ்", "AI மூலம் உருவாக்கப்பட்டது", "சிமுலேஷன்"),
        "th": Words("ไทย", "สร้างด้วย AI", "การจำลอง"),
        "tr": Words("Türkçe", "Yapay zekâ ile üretildi", "SİMÜLASYON", "YZ"),
        "uk": Words("Українська", "Створено ШІ", "СИМУЛЯЦІЯ", "ШІ"),
        "ur": Words("اردو", "مصنوعی ذہانت سے تیار کردہ", "سمیولیشن"),
        "vi": Words("Tiếng Việt", "Tạo bằng AI", "MÔ PHỎNG"),
        "zh-hans": Words("简体中文", "AI生成", "模拟"),
        "zh-hant": Words("繁體中文", "AI 生成", "模擬"),
    }
)
FONT = Path(__file__).with_name("words.ttf")
_SEPARATOR = " · "
_FIRST = 0xE000
# FreeType refuses glyphs wider than ten times their size, so a wording is cut at spaces into up to as many pieces.
PIECES = 4


def glyphs(language: str) -> Mapping[str, tuple[str, str]]:
    """The wordings of a language by use: the private characters that draw one in `FONT`, and the words they stand for.

    `text` is the plain label, `band` the whole band, `warning` the band of a narrow picture, `sign` the icon.
    """
    words = LANGUAGES[language]
    wordings = {
        "text": words.text,
        "band": f"{words.warning}{_SEPARATOR}{words.text}",
        "warning": words.warning,
        "sign": words.sign,
    }
    first = _FIRST + PIECES * len(wordings) * list(LANGUAGES).index(language)
    drawn = ("".join(chr(first + PIECES * place + piece) for piece in range(PIECES)) for place in range(len(wordings)))
    return {use: (marks, text) for (use, text), marks in zip(wordings.items(), drawn, strict=True)}
