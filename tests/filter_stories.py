"""One story of four sentences in English and ten languages, and pairs made of it."""

from mlt.filter.pairs import Pair, pair_of
from mlt.toolkit.languages import resolve
from mlt.toolkit.records import Gold, Message, Record, Source, Translation

ENGLISH = (
    "The old library stands near the river.",
    "Every morning, Maria opens its heavy doors at 8 o'clock.",
    "Children come after school to read stories and draw pictures.",
    "In the evening the rooms become quiet again.",
)
STORIES = {
    "sw": (
        "Maktaba ya zamani iko karibu na mto.",
        "Kila asubuhi, Maria hufungua milango yake mizito saa 8.",
        "Watoto huja baada ya shule kusoma hadithi na kuchora picha.",
        "Wakati wa jioni vyumba huwa kimya tena.",
    ),
    "yo": (
        "Ilé ìkàwé àtijọ́ náà wà nítòsí odò.",
        "Ní àràárọ̀, Maria máa ń ṣí àwọn ilẹ̀kùn rẹ̀ tó wúwo ní agogo 8.",
        "Àwọn ọmọdé máa ń wá lẹ́yìn ilé-ìwé láti ka ìtàn àti láti ya àwòrán.",
        "Ní ìrọ̀lẹ́ àwọn yàrá náà tún máa ń dákẹ́ jẹ́ẹ́.",
    ),
    "th": (
        "ห้องสมุดเก่าตั้งอยู่ใกล้แม่น้ำ",
        "ทุกเช้ามาเรียเปิดประตูบานหนักเวลา 8 นาฬิกา",
        "เด็กๆ มาหลังเลิกเรียนเพื่ออ่านนิทานและวาดรูป",
        "ในตอนเย็นห้องต่างๆ กลับมาเงียบสงบอีกครั้ง",
    ),
    "ja": (
        "古い図書館は川の近くに建っている。",
        "毎朝、マリアは8時に重い扉を開ける。",
        "子どもたちは放課後にやって来て、物語を読んだり絵を描いたりする。",
        "夕方になると、部屋は再び静かになる。",
    ),
    "bn": (
        "পুরনো গ্রন্থাগারটি নদীর কাছে দাঁড়িয়ে আছে।",
        "প্রতিদিন সকালে মারিয়া ৮টায় এর ভারী দরজাগুলো খোলেন।",
        "শিশুরা স্কুলের পরে গল্প পড়তে ও ছবি আঁকতে আসে।",
        "সন্ধ্যায় ঘরগুলো আবার শান্ত হয়ে যায়।",
    ),
    "es": (
        "La vieja biblioteca está cerca del río.",
        "Cada mañana, María abre sus pesadas puertas a las 8 en punto.",
        "Los niños vienen después de la escuela a leer cuentos y a dibujar.",
        "Por la tarde las salas vuelven a quedar en silencio.",
    ),
    "zh-Hans": (
        "那座古老的图书馆坐落在河边。",
        "每天早上，玛丽亚在8点打开沉重的大门。",
        "孩子们放学后来这里读故事、画画。",
        "到了晚上，房间又恢复了安静。",
    ),
    "te": (
        "పాత గ్రంథాలయం నది దగ్గర ఉంది.",
        "ప్రతి ఉదయం మరియా 8 గంటలకు దాని బరువైన తలుపులు తెరుస్తుంది.",
        "పిల్లలు బడి తర్వాత కథలు చదవడానికి, బొమ్మలు గీయడానికి వస్తారు.",
        "సాయంత్రం గదులు మళ్ళీ నిశ్శబ్దంగా మారతాయి.",
    ),
    "am": (
        "አሮጌው ቤተ መጻሕፍት በወንዙ አጠገብ ይገኛል።",
        "ማሪያ በየቀኑ ጠዋት በ8 ሰዓት ከባድ በሮቹን ትከፍታለች።",
        "ልጆች ከትምህርት በኋላ ታሪኮችን ለማንበብና ሥዕል ለመሳል ይመጣሉ።",
        "ምሽት ላይ ክፍሎቹ እንደገና ጸጥ ይላሉ።",
    ),
    "ko": (
        "오래된 도서관은 강 근처에 서 있다.",
        "매일 아침 마리아는 8시에 무거운 문을 연다.",
        "아이들은 방과 후에 와서 이야기를 읽고 그림을 그린다.",
        "저녁이 되면 방들은 다시 조용해진다.",
    ),
}
SOURCE = Source("made-up", "1", "train", 1, "CC0-1.0")


def told(lang: str, *indices: int) -> str:
    """The story's sentences as a text, all of them or some."""
    sentences = ENGLISH if lang == "en" else STORIES[lang]
    return ("" if lang in ("ja", "zh-Hans") else " ").join(sentences[i] for i in indices or range(4))


def text_pair(source: str, target: str, lang: str, model: str | None = None) -> Pair:
    """A pair of plain texts; ``model`` says which engine made it."""
    translation = None if model is None else Translation(model, "1", "mlt:test", "keep", "keep")
    before = Record("1", "1", "text", "en", (Message("user", source),), "", Gold(), SOURCE)
    after = before.with_(lang=lang, messages=(Message("user", target),), translation=translation)
    return pair_of(before, after, resolve(lang).language)


def turns_pair(source: list[str], target: list[str], lang: str) -> Pair:
    """A pair of dialogues, a segment a turn."""
    before, after = (
        Record("1", "1", "math", code, tuple(Message("user", text) for text in texts), "", Gold("1"), SOURCE)
        for code, texts in (("en", source), (lang, target))
    )
    return pair_of(before, after, resolve(lang).language)
