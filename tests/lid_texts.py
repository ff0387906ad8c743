"""A few sentences in several languages, made up, and pairs of them with English."""

from mlt.filter.pairs import TEXT_TASK, Pair, pair_of
from mlt.toolkit.languages import resolve
from mlt.toolkit.records import Gold, Message, Record, Source, Translation

SENTENCES = {
    "en": (
        "Maria buys three loaves of bread every morning before she goes to work.",
        "The bus leaves in ten minutes, and nobody has bought a ticket yet.",
        "How many apples are left in the basket after the children have eaten?",
    ),
    "es": (
        "María compra tres barras de pan cada mañana antes de ir al trabajo.",
        "El autobús sale dentro de diez minutos y nadie ha comprado todavía un billete.",
        "¿Cuántas manzanas quedan en la cesta después de que los niños hayan comido?",
    ),
    "sw": (
        "Maria hununua mikate mitatu kila asubuhi kabla ya kwenda kazini.",
        "Basi litaondoka baada ya dakika kumi, na hakuna mtu aliyenunua tiketi bado.",
        "Je, ni matufaha mangapi yamebaki kwenye kikapu baada ya watoto kula?",
    ),
    "yo": (
        "Màríà máa ń ra búrẹ́dì mẹ́ta ní gbogbo òwúrọ̀ kí ó tó lọ sí ibi iṣẹ́.",
        "Bọ́ọ̀sì náà yóò lọ ní ìṣẹ́jú mẹ́wàá sí i, kò sì sí ẹni tó ti ra tíkẹ́ẹ̀tì.",
        "Èso ápù mélòó ló kù nínú apẹ̀rẹ̀ náà lẹ́yìn tí àwọn ọmọ ti jẹun?",
    ),
    "th": (
        "มาเรียซื้อขนมปังสามก้อนทุกเช้าก่อนไปทำงาน",
        "รถเมล์จะออกในอีกสิบนาที แต่ยังไม่มีใครซื้อตั๋วเลย",
        "หลังจากเด็ก ๆ กินแล้ว เหลือแอปเปิลอยู่ในตะกร้ากี่ลูก",
    ),
    "ja": (
        "マリアは毎朝、仕事に行く前にパンを三つ買います。",
        "バスは十分後に出発しますが、まだ誰も切符を買っていません。",
        "子どもたちが食べた後、かごにはりんごがいくつ残っていますか。",
    ),
    "zh-Hans": (
        "玛丽亚每天早上上班之前都会买三个面包。",
        "公共汽车十分钟后就要开了，可是还没有人买票。",
        "孩子们吃完以后，篮子里还剩下多少个苹果？",
    ),
    "zh-Hant": (
        "瑪麗亞每天早上上班之前都會買三個麵包。",
        "公共汽車十分鐘後就要開了，可是還沒有人買票。",
        "孩子們吃完以後，籃子裡還剩下多少個蘋果？",
    ),
    "bn": (
        "মারিয়া প্রতিদিন সকালে কাজে যাওয়ার আগে তিনটি রুটি কেনে।",
        "বাসটি দশ মিনিটের মধ্যে ছাড়বে, কিন্তু এখনও কেউ টিকিট কেনেনি।",
        "শিশুরা খাওয়ার পরে ঝুড়িতে কয়টি আপেল বাকি আছে?",
    ),
    "te": (
        "మరియా ప్రతిరోజు ఉదయం పనికి వెళ్ళే ముందు మూడు రొట్టెలు కొంటుంది.",
        "బస్సు పది నిమిషాల్లో బయలుదేరుతుంది, కానీ ఇంకా ఎవరూ టికెట్ కొనలేదు.",
        "పిల్లలు తిన్న తర్వాత బుట్టలో ఎన్ని ఆపిల్ పండ్లు మిగిలాయి?",
    ),
    "ko": (
        "마리아는 매일 아침 출근하기 전에 빵 세 덩어리를 산다.",
        "버스는 십 분 뒤에 출발하는데 아직 아무도 표를 사지 않았다.",
        "아이들이 먹고 난 뒤 바구니에는 사과가 몇 개 남아 있습니까?",
    ),
}
LANGUAGES = tuple(lang for lang in SENTENCES if lang != "en")


def text_pair(lang: str, target: str, source: str = SENTENCES["en"][0], translates: bool = True) -> Pair:
    """A pair as of a file that `mlt` did not make; ``translates`` False: the engine only copied."""
    copied = Translation("identity", "1", "mlt:test", "keep", "keep")
    made = [
        Record(
            "a", "a", TEXT_TASK, code, (Message("user", text),), "", Gold(), Source("made-up", "1", "train", 1, "CC0")
        )
        for code, text in (("en", source), (lang, target))
    ]
    return pair_of(made[0], made[1].with_(translation=None if translates else copied), resolve(lang).language)
