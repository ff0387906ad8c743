"""Three math problems in English, Swahili and Thai, as records."""

from mlt.toolkit.records import Gold, Message, Record, Source, Translation

SOURCE = Source("made-up", "1", "train", 1, "CC0-1.0")
TRANSLATION = Translation("some/model", "1", "mlt:test", "keep", "keep")

ENGLISH = {
    "a": ("Amina has 24 mangoes and buys 12 more at the market. How many mangoes does she have?", "36"),
    "b": ("A farmer sells 48 eggs in boxes of 6. How many boxes does the farmer need today?", "8"),
    "c": ("There are 15 children in the garden and 7 of them go home. How many children are left?", "8"),
}
SWAHILI = {
    "a": ("Amina ana maembe 24 na ananunua mengine 12 sokoni. Ana maembe mangapi sasa?", "36"),
    "b": ("Mkulima anauza mayai 48 katika masanduku ya mayai 6. Mkulima anahitaji masanduku mangapi leo?", "8"),
    "c": ("Kuna watoto 15 bustanini na watoto 7 kati yao wanarudi nyumbani. Watoto wangapi wamebaki?", "8"),
}
THAI = {
    "a": ("อามินามีมะม่วง 24 ลูก และซื้อเพิ่มอีก 12 ลูกที่ตลาด ตอนนี้เธอมีมะม่วงทั้งหมดกี่ลูก", "36"),
    "b": ("ชาวนาขายไข่ 48 ฟองโดยใส่กล่องละ 6 ฟอง วันนี้ชาวนาต้องใช้กล่องทั้งหมดกี่ใบ", "8"),
    "c": ("มีเด็ก 15 คนอยู่ในสวน และเด็ก 7 คนกลับบ้านไป ตอนนี้เหลือเด็กอยู่ในสวนกี่คน", "8"),
}


def record(id: str, lang: str, question: str, answer: str) -> Record:
    """A math record with a one-line solution."""
    made = Record(id, id, "math", lang, (Message("user", question),), f"#### {answer}", Gold(answer), SOURCE)
    return made if lang == "en" else made.with_(translation=TRANSLATION)
