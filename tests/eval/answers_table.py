"""Answers as models write them, with the verdict that a person gives.

Half of the rows are human: ``mgsm`` rows end as MGSM's exemplars do (Shi et al. 2023, CC BY 4.0; shortened), ``ntrex``
rows hold a number as a translator of NTREX-128 wrote it (Federmann et al. 2022, CC BY-SA 4.0) behind the language's
own words for "the answer is", ``msvamp`` rows have that set's gold. They were collected before the rules were written.
The others are traps: made up, each for a way in which scorers are known to fail.
"""

from __future__ import annotations

from typing import NamedTuple


class Answer(NamedTuple):
    """One row: is ``output`` right where ``gold`` is? ``human`` names the data it was taken from, if any."""

    name: str
    lang: str
    output: str
    gold: str
    right: bool
    human: str = ""


_MGSM = [
    ("en-balls", "en", "2 cans of 3 tennis balls each is 6 tennis balls. 5 + 6 = 11. The answer is 11.", "11"),
    ("en-servers", "en", "There were 9 computers, so now there are 9 + 20 = 29 computers. The answer is 29.", "29"),
    ("en-bagels", "en", "Step-by-Step Answer: 5 bagels for $3 each should cost 5 * 3 = 15 dollars. Olivia had $23 in "
     "the beginning, so now she has 23 - 15 = 8 dollars left. The answer is 8.", "8"),
    ("en-cars", "en", "There are 3 cars in the beginning, 2 more arrive, so now there should be 3 + 2 = 5 cars. The "
     "answer is 5.", "5"),
    ("es-balls", "es", "2 tubos de 3 pelotas de tenis cada uno equivale a 6 pelotas de tenis. 5 + 6 = 11. La "
     "respuesta "
     "es 11.", "11"),
    ("es-servers", "es", "Al principio, había 9 computadoras, por lo que ahora hay 9 + 20 = 29 computadoras. La "
     "respuesta "
     "es 29.", "29"),
    ("es-chocolates", "es", "Por lo tanto, en total todavía tienen 74 - 35 = 39 chocolates. La respuesta es 39.",
     "39"),
    ("es-golf", "es", "Después de perder 2 más, ahora tiene 35 - 2 = 33 pelotas. La respuesta es 33.", "33"),
    ("es-bagels", "es", "Respuesta paso a paso: 5 roscas a $3 cada una deben costar 5 * 3 = 15 dólares. Olivia tenía "
     "$23 al principio, por lo tanto ahora le quedan 23 - 15 = 8 dólares. La respuesta es 8.", "8"),
    ("ja-balls", "ja", "テニスボール3個入りの缶が2つあれば、テニスボールは6個あります。5+6=11。答えは11です。", "11"),
    ("ja-servers", "ja", "最初に9台のコンピューターがあったので、今は9+20=29台のコンピューターとなります。"
     "答えは29です。", "29"),
    ("ja-chocolates", "ja", "だから全部で、彼女たちには74-35=39個のチョコレートが残っている。答えは39個。", "39"),
    ("ja-toys", "ja", "その後父から2つさらにもらい、全部で彼は、7+2=9個のおもちゃがあります。答えは9個です。", "9"),
    ("ja-golf", "ja", "彼があと2個なくした後、彼は今35-2=33個残っています。答えは33個です。", "33"),
    ("ja-bagels", "ja", "ステップごとの答え：$3のベーグルは5個で、5*3=15ドルになるはずです。"
     "オリビアは最初$23あったので、"
     "今彼女には23-15=8ドル残っています。答えは8です。", "8"),
    ("ja-cars", "ja", "最初に3台の車があり、さらに2台到着したので、今は3+2で5台の車があるはずです。答えは5です。"
     "", "5"),
    ("sw-balls", "sw", "Mikebe 2 yenye mipira 3 ya tenisi kila moja ni mipira 6 ya tenisi. 5 + 6 = 11. Jibu ni "
     "11.", "11"),
    ("sw-servers", "sw", "Kulikuwa na kompyuta 9 mwanzoni, hivyo sasa kuna kompyuta 9 + 20 = 29. Jibu ni 29.", "29"),
    ("sw-chocolates", "sw", "35 zimeliwa. Hivyo kwa jumla bado kuna chokoleti 74 - 35 = 39. Jibu ni 39.", "39"),
    ("sw-bagels", "sw", "Jibu la Hatua kwa Hatua: Bageli 5 za $3 kila moja zinafaa kugharimu 5 * 3 = dola 15. Olivia "
     "alikuwa na $23 mwanzoni, sasa amesalia na dola 23 - 15 = 8. Jibu ni 8.", "8"),
    ("sw-cars", "sw", "Mwanzoni kuna magari 3, 2 zaidi yameongezeka hivyo kutakuwa na magari 3 + 2 = 5. Jibu ni "
     "5.", "5"),
    ("th-balls", "th", "กระป๋อง 2 ใบที่มีลูกเทนนิสใบละ 3 ลูก เท่ากับมีลูกเทนนิส 6 ลูก ดังนั้น 5 + 6 = 11 "
     "คำตอบคือ 11", "11"),
    ("th-servers", "th", "ดังนั้น ตอนนี้จะมีคอมพิวเตอร์อยู่ 9 + 20 = 29 เครื่อง คำตอบคือ 29", "29"),
    ("th-chocolates", "th", "ดังนั้นจะเหลือช็อกโกแลตทั้งหมดอยู่ 74 - 35 = 39 ชิ้น คำตอบคือ 39", "39"),
    ("th-bagels", "th", "คำตอบทีละขั้นตอน: ขนมปังเบเกิล 5 ชิ้น ราคาชิ้นละ $3 รวมเป็นเงิน 5 * 3 = 15 ดอลลาร์ "
     "แรกเริ่มโอลิเวียมีเงินอยู่ $23 "
     "ดังนั้น ตอนนี้โอลิเวียจะเหลือเงินอยู่ 23 - 15 = 8 ดอลลาร์ คำตอบคือ 8", "8"),
    ("en-chocolates", "en", "35 have been eaten. So in total they still have 74 - 35 = 39 chocolates. The "
     "answer is 39.",
     "39"),
    ("en-toys", "en", "Then he got 2 more from dad, so in total he has 7 + 2 = 9 toys. The answer is 9.", "9"),
    ("en-golf", "en", "After he lost 2 more, he has 35 - 2 = 33 balls now. The answer is 33.", "33"),
    ("en-lollipops", "en", "Now he only has 12, so he gave Denny 20 - 12 = 8 lollipops. The answer is 8.", "8"),
    ("es-toys", "es", "Luego, recibió 2 más del papá, así que en total tiene 7 + 2 = 9 juguetes. La respuesta "
     "es 9.", "9"),
    ("es-lollipops", "es", "Ahora solo tiene 12, por lo tanto le dio a Denny 20 - 12 = 8 chupetines. La "
     "respuesta es 8.",
     "8"),
    ("es-cars", "es", "Llegan 2 más, por lo tanto ahora debe haber 3 + 2 = 5 autos. La respuesta es 5.", "5"),
    ("ja-lollipops", "ja", "なので彼はデニーに、20-12=8個の飴をあげました。答えは8です。", "8"),
    ("sw-toys", "sw", "Kisha alipata 2 zaidi kutoka kwa baba, hivyo kwa jumla alikuwa na wanasesere 7 + 2 = 9. "
     "Jibu ni 9.",
     "9"),
    ("sw-lollipops", "sw", "Sasa ana 12, hivyo alimpa Denny pipi 20 - 12 = 8. Jibu ni 8.", "8"),
    ("th-toys", "th", "ชอว์นจึงมีของเล่นรวมทั้งหมด 7 + 2 = 9 ชิ้น คำตอบคือ 9", "9"),
    ("th-lollipops", "th", "เจสันให้ลูกอมโลลิป๊อปแดนนี่ไป 20 - 12 = 8 แท่ง คำตอบคือ 8", "8"),
    ("th-cars", "th", "ดังนั้น จะมีรถยนต์รวมกันเป็น 3 + 2 = 5 คัน คำตอบคือ 5", "5"),
]  # fmt: skip

# Wrong by one step: the exemplar's own words, the gold of a number on the way.
_MGSM_WRONG = [
    ("en-not-the-first-number", "en", "Roger started with 5 balls. 5 + 6 = 11. The answer is 11.", "5"),
    ("ja-not-a-step", "ja", "月曜から木曜まで4日あります。4*5=20台。9+20=29台となります。答えは29です。", "20"),
    ("sw-not-a-step", "sw", "Michael alianza na mipira 58 ya gofu na akapoteza 23, hivyo ana 58 - 23 = 35. Baadaye "
     "alipoteza 2 zaidi, sasa ana mipira 35 - 2 = 33. Jibu ni 33.", "35"),
    ("th-not-a-step", "th", "แสดงว่าเขาเหลือลูกกอล์ฟอยู่ 58 - 23 = 35 ลูก ดังนั้น ตอนนี้เขาจึงมีลูกกอล์ฟอยู่ 35 "
     "- 2 = 33 ลูก คำตอบคือ 33", "35"),
]  # fmt: skip

_NTREX = [
    ("bn-digits", "bn", "উত্তর হল ১৩ বছর।", "13", True),
    ("bn-classifier", "bn", "উত্তর হল ২৮১টি।", "281", True),
    ("bn-plain-thousands", "bn", "উত্তর হল ৩০০০ পণ্য।", "3000", True),
    ("bn-thousands", "bn", "উত্তর হল ১৬,৭০০ মানুষ।", "16700", True),
    ("bn-dollars", "bn", "উত্তর হল ৩৫০,০০০ মার্কিন ডলার।", "350000", True),
    ("bn-decimal", "bn", "উত্তর হল ২.৮ বিলিয়ন পাউন্ড।", "28", False),
    ("bn-percent", "bn", "উত্তর হল ৪০ শতাংশ।", "40", True),
    ("bn-people", "bn", "উত্তর হল ২০০ জন।", "200", True),
    ("bn-million-word", "bn", "উত্তর হল ২.৪ মিলিয়ন মানুষ।", "2400000", True),
    ("de-people", "de", "Die Antwort ist 10.000 Leute.", "10000", True),
    ("de-hundredths-of-millions", "de", "Die Antwort ist 5,69 Millionen Zuschauer.", "5690000", True),
    ("fr-ten-thousand", "fr", "La réponse est 10\u00a0000 personnes.", "10000", True),
    ("fr-thousands-cut-off", "fr", "La réponse est 10\u00a0000 personnes.", "10", False),
    ("fr-milliards", "fr", "La réponse est 2,8 milliards de livres.", "2800000000", True),
    ("ru-ten-thousand-word", "ru", "Ответ — 10\u00a0тысяч человек.", "10000", True),
    ("ru-million-word-not-the-digits", "ru", "Ответ — 2,4\u00a0млн человек.", "24", False),
    ("es-plain-thousands", "es", "La respuesta es 3000 productos.", "3000", True),
    ("te-plain-thousands", "te", "సమాధానం 3000 ఉత్పత్తులు.", "3000", True),
    ("te-more-thousands", "te", "సమాధానం 25,000 మంది.", "25000", True),
    ("ja-millions", "ja", "答えは240万人です。", "2400000", True),
    ("ja-counter", "ja", "答えは3000点です。", "3000", True),
    ("sw-billion-before", "sw", "Jibu ni pauni bilioni 2.8.", "2800000000", True),
    ("th-kinds", "th", "คำตอบคือ 3,000 ชนิด", "3000", True),
    ("zh-ten-thousand", "zh-Hans", "答案是1万人。", "10000", True),
    ("zh-hundred-millions", "zh-Hans", "答案是 28亿 英镑。", "2800000000", True),
    ("zh-counter", "zh-Hans", "答案是3000个品种。", "3000", True),
    ("de-thousands", "de", "Die Antwort ist 3.000 Produkte.", "3000", True),
    ("de-inhabitants", "de", "Die Antwort lautet 380.000 Einwohner.", "380000", True),
    ("de-not-a-decimal", "de", "Die Antwort ist 3.000 Produkte.", "3", False),
    ("de-dollars", "de", "Die Antwort lautet 350.000 US-Dollar.", "350000", True),
    ("de-decimal", "de", "Die Antwort ist 7,5 Zentimeter pro Stunde.", "7.5", True),
    ("de-decimal-not-whole", "de", "Die Antwort ist 7,5 Zentimeter pro Stunde.", "75", False),
    ("de-metres", "de", "Die Antwort ist 1,98 m.", "1.98", True),
    ("de-percent", "de", "Die Antwort lautet 100%ig.", "100", True),
    ("de-millions", "de", "Die Antwort ist 20,4 Millionen Zuschauer.", "20400000", True),
    ("fr-thousands", "fr", "La réponse est 3\u00a0000 articles.", "3000", True),
    ("fr-people", "fr", "La réponse est 16\u00a0700 personnes.", "16700", True),
    ("fr-dollars", "fr", "La réponse est 350\u00a0000 dollars.", "350000", True),
    ("fr-decimal", "fr", "La réponse est 7,5 cm par heure.", "7.5", True),
    ("fr-millions", "fr", "La réponse est 2,4 millions de personnes.", "2400000", True),
    ("fr-percent", "fr", "La réponse est 100\u00a0%.", "100", True),
    ("ru-thousands", "ru", "Ответ — 16\u00a0700 местных жителей.", "16700", True),
    ("ru-thousand-word", "ru", "Ответ — 350\u00a0тыс. долларов.", "350000", True),
    ("ru-million-word", "ru", "Ответ — 20,4\u00a0млн зрителей.", "20400000", True),
    ("ru-decimal", "ru", "Ответ — 5,6 очка.", "5.6", True),
    ("ru-decimal-not-whole", "ru", "Ответ — 5,6 очка.", "56", False),
    ("ru-percent", "ru", "Ответ — 40% акций.", "40", True),
    ("es-thousands", "es", "La respuesta es 16\u00a0700\u00a0personas.", "16700", True),
    ("es-dollars", "es", "La respuesta es 350\u00a0000\u00a0USD.", "350000", True),
    ("es-decimal", "es", "La respuesta es 2,4\u00a0millones de personas.", "2400000", True),
    ("te-thousands", "te", "సమాధానం 16,700 మంది.", "16700", True),
    ("te-dollars", "te", "సమాధానం $350,000కు.", "350000", True),
    ("te-decimal", "te", "సమాధానం 7.5 తీవ్రత.", "7.5", True),
    ("te-percent", "te", "సమాధానం 100 శాతం.", "100", True),
    ("ja-myriads", "ja", "答えは35万ドルです。", "350000", True),
    ("ja-mixed-myriads", "ja", "答えは1億2,500万ポンドです。", "125000000", True),
    ("ja-thousands", "ja", "答えは16,700人です。", "16700", True),
    ("ja-percent", "ja", "答えは100％です。", "100", True),
    ("sw-thousands", "sw", "Jibu ni watu 16,700.", "16700", True),
    ("sw-dollars", "sw", "Jibu ni $350,000.", "350000", True),
    ("sw-percent", "sw", "Jibu ni asilimia 100.", "100", True),
    ("sw-million-before", "sw", "Jibu ni watu milioni 2.4.", "2400000", True),
    ("th-thousands", "th", "คำตอบคือ 16,700 คน", "16700", True),
    ("th-millions", "th", "คำตอบคือ 2.4 ล้านคน", "2400000", True),
    ("th-percent", "th", "คำตอบคือ 100 เปอร์เซ็นต์", "100", True),
    ("zh-myriads", "zh-Hans", "答案是 35 万美元。", "350000", True),
    ("zh-decimal-hundred-millions", "zh-Hans", "答案是 1.25 亿英镑。", "125000000", True),
    ("zh-thousands", "zh-Hans", "答案是 16,700 人。", "16700", True),
    ("zh-percent", "zh-Hans", "答案是10%。", "10", True),
]  # fmt: skip

_MSVAMP = [
    ("en-gold-with-zero", "en", "She played with 18 - 10 = 8 more kids. The answer is 8.", "8.0", True),
    ("es-gold-with-zero", "es", "Jugó con 10 niños el martes. La respuesta es 10.", "10.0", True),
    ("ja-gold-with-zero", "ja", "火曜日には10人の子供たちと遊びました。答えは10です。", "10.0", True),
    ("sw-gold-with-zero", "sw", "Alicheza na watoto 10 siku ya Jumanne. Jibu ni 10.", "10.0", True),
    ("th-gold-with-zero", "th", "เธอเล่นกับเด็ก 10 คนในวันอังคาร คำตอบคือ 10", "10.0", True),
]  # fmt: skip

_TRAPS = [
    # Decimals are not whole numbers without their point, nor the other way about.
    ("en-1.5-is-not-15", "en", "The answer is 1.5.", "15", False),
    ("en-15-is-not-1.5", "en", "The answer is 15.", "1.5", False),
    ("de-1,5-is-not-15", "de", "Die Antwort lautet 1,5.", "15", False),
    ("ja-1.5-is-not-15", "ja", "答えは1.5です。", "15", False),
    ("bn-1.5-is-not-15", "bn", "উত্তর হল ১.৫।", "15", False),
    ("en-180-is-not-18", "en", "The answer is 180.", "18", False),
    ("en-118-is-not-18", "en", "The answer is 118.", "18", False),
    ("en-trailing-zero", "en", "The answer is 18.0.", "18", True),
    ("en-cents", "en", "The answer is $18.00.", "18", True),
    ("en-half", "en", "The answer is 0.5.", "1/2", True),
    ("en-bare-point", "en", "The answer is .5", "0.5", True),
    # Separators.
    ("en-thousands", "en", "The answer is 1,234.", "1234", True),
    ("en-thousands-in-gold", "en", "The answer is 1234.", "1,234", True),
    ("en-indian-groups", "en", "The answer is 12,34,567.", "1234567", True),
    ("en-thousands-cut-off", "en", "The answer is 1,234.", "234", False),
    ("en-three-decimals", "en", "The answer is 1.234.", "1234", False),
    ("de-full-form", "de", "Die Antwort ist 1.234,00.", "1234", True),
    ("es-full-form", "es", "La respuesta es 1.234,00 €.", "1234", True),
    ("es-full-form-wrong", "es", "La respuesta es 1.234,50 €.", "1234", False),
    ("de-english-form", "de", "Die Antwort ist 1,234.", "1234", True),
    ("de-swiss-form", "de", "Die Antwort ist 1’234 Franken.", "1234", True),
    ("fr-plain-space", "fr", "La réponse est 1 234.", "1234", True),
    ("fr-narrow-space", "fr", "La réponse est 1\u202f234,50 €.", "1234.5", True),
    ("ru-plain-space", "ru", "Ответ: 1 234 рубля.", "1234", True),
    ("en-plain-space", "en", "The answer is 1 234.", "1234", True),
    ("bn-lakh-groups", "bn", "উত্তর: ১,২৩,৪৫৬ টাকা", "123456", True),
    # Digits.
    ("bn-eighteen", "bn", "উত্তর হল ১৮।", "18", True),
    ("bn-eighteen-bare", "bn", "১৮", "18", True),
    ("th-eighteen", "th", "คำตอบคือ ๑๘", "18", True),
    ("th-eighteen-baht", "th", "ดังนั้น คำตอบคือ ฿๑,๒๓๔ บาท", "1234", True),
    ("te-eighteen", "te", "సమాధానం ౧౮.", "18", True),
    ("te-eighteen-wrong", "te", "సమాధానం ౧౮.", "81", False),
    ("ja-full-width", "ja", "答えは１８です。", "18", True),
    ("zh-full-width", "zh-Hans", "答案：１，２３４元", "1234", True),
    ("ja-sentence", "ja", "答えは1,234円です。", "1234", True),
    # Numerals and words.
    ("ja-eighteen-kanji", "ja", "答えは十八です。", "18", True),
    ("ja-eighteen-kanji-wrong", "ja", "答えは八十です。", "18", False),
    ("ja-thousand-kanji", "ja", "答えは千二百三十四円です。", "1234", True),
    ("ja-digits-and-myriad", "ja", "答えは1万8千円です。", "18000", True),
    ("zh-eighteen", "zh-Hans", "所以答案是十八。", "18", True),
    ("zh-two-hundred", "zh-Hans", "答案是两百个。", "200", True),
    ("zh-one-of", "zh-Hans", "答案是一个。", "1", True),
    ("en-eighteen", "en", "The answer is eighteen.", "18", True),
    ("en-twenty-five-not-five", "en", "The answer is twenty-five.", "5", False),
    ("en-twenty-five-not-twenty", "en", "The answer is twenty-five dollars.", "20", False),
    ("en-hundred-and-five", "en", "The answer is one hundred and five.", "5", False),
    ("es-eighteen", "es", "La respuesta es dieciocho.", "18", True),
    ("fr-eighteen", "fr", "La réponse est dix-huit euros.", "18", True),
    ("fr-eighteen-not-eight", "fr", "La réponse est dix-huit.", "8", False),
    ("de-eighteen", "de", "Die Antwort lautet achtzehn.", "18", True),
    ("de-twenty-eight", "de", "Die Antwort lautet achtundzwanzig.", "20", False),
    ("ru-eighteen", "ru", "Ответ: восемнадцать.", "18", True),
    ("sw-eighteen", "sw", "Jibu ni kumi na nane.", "18", True),
    ("sw-eighteen-not-eight", "sw", "Jibu ni kumi na nane.", "8", False),
    ("th-eighteen-words", "th", "คำตอบคือ สิบแปด", "18", True),
    ("th-eighteen-not-eight", "th", "คำตอบคือ สิบแปด", "8", False),
    ("te-eighteen-words", "te", "సమాధానం పద్దెనిమిది.", "18", True),
    ("bn-eighteen-words", "bn", "উত্তর হল আঠারো।", "18", True),
    # Signs.
    ("en-minus", "en", "The answer is -5.", "-5", True),
    ("en-true-minus", "en", "The answer is −5 degrees.", "-5", True),
    ("en-minus-lost", "en", "The answer is 5.", "-5", False),
    ("en-minus-added", "en", "The answer is −5.", "5", False),
    ("en-minus-dollars", "en", "The answer is -$5.", "-5", True),
    ("ja-minus", "ja", "答えは−5です。", "-5", True),
    ("ru-dash-is-no-minus", "ru", "Ответ — 5.", "5", True),
    ("ru-hyphen-is-no-minus", "ru", "Ответ - 5.", "5", True),
    ("en-subtraction", "en", "She has 23 -15 = 8 dollars, so 10-8", "8", True),
    ("en-range-is-no-minus", "en", "He sold 3 in all (pages 12-15), and got 10-5=5", "-5", False),
    # Currency and units.
    ("en-dollars", "en", "The answer is $18 per day.", "18", True),
    ("fr-euros", "fr", "La réponse est : 18 €", "18", True),
    ("de-euros-before", "de", "Antwort: EUR 18,50", "18.5", True),
    ("en-rupees", "en", "The answer is Rs.50.", "50", True),
    ("sw-shillings", "sw", "Jibu ni KSh1,200.", "1200", True),
    ("en-square-metres", "en", "The area is 6 × 3 = 18 m²", "18", True),
    ("en-unit-with-digit", "en", "The answer is 12 kg of CO2.", "12", True),
    ("es-unit-before", "es", "La respuesta es: son 18 dólares.", "18", True),
    ("en-percent-as-share", "en", "The answer is 50%.", "0.5", True),
    ("en-percent-sign-in-gold", "en", "The answer is 50.", "50%", True),
    # Fractions.
    ("en-fraction", "en", "The answer is 3/4.", "0.75", True),
    ("en-fraction-sign", "en", "The answer is ¾ cup.", "3/4", True),
    ("en-mixed", "en", "The answer is 1 1/2 hours.", "1.5", True),
    ("en-fraction-not-its-numerator", "en", "The answer is 3/4.", "3", False),
    ("en-fraction-not-its-denominator", "en", "The answer is 3/4.", "4", False),
    # Anchors.
    ("en-hashes", "en", "16 - 7 = 9 eggs, 9 * 2 = 18.\n#### 18", "18", True),
    ("bn-hashes", "bn", "১৬ - ৭ = ৯\n#### ৯", "9", True),
    ("en-boxed", "en", "So she makes $\\boxed{18}$ dollars in 7 days.", "18", True),
    ("en-boxed-text", "en", "Thus $\\boxed{1{,}234\\text{ dollars}}$.", "1234", True),
    ("zh-boxed-fraction", "zh-Hans", "所以 $\\boxed{\\dfrac{3}{4}}$。", "0.75", True),
    ("en-boxed-latex-gold", "en", "Hence \\boxed{\\frac{6}{8}}.", "\\frac{3}{4}", True),
    ("en-boxed-root", "en", "Hence \\boxed{\\sqrt{12}}.", "2\\sqrt{3}", True),
    ("en-boxed-root-wrong", "en", "Hence \\boxed{\\sqrt{12}}.", "3\\sqrt{2}", False),
    ("en-bold", "en", "The answer is **18**.", "18", True),
    ("en-bold-label", "en", "**Answer:** 18", "18", True),
    ("en-equation-after-anchor", "en", "The answer is 9 * 2 = 18 dollars.", "18", True),
    ("en-explained-after-anchor", "en", "The answer is 18. This took 3 steps and 2 checks.", "18", True),
    ("en-explained-before-number", "en", "The answer is that in 3 days she makes 54 dollars.", "54", True),
    ("en-corrected", "en", "The answer is 20. Wait, that is wrong. The answer is 18.", "18", True),
    ("en-corrected-back", "en", "The answer is 18. Wait, that is wrong. The answer is 20.", "18", False),
    ("en-no-anchor", "en", "She sells 9 eggs, so she makes 9 * 2 = 18 dollars.", "18", True),
    ("en-next-question", "en", "The answer is 18.\n\nQuestion: Tom has 3 cats. How many?\nAnswer: The answer is "
     "3.", "18",
     True),
    ("en-next-question-no-luck", "en", "The answer is 18.\n\nQuestion: Tom has 3 cats.\nAnswer: The answer is "
     "3.", "3",
     False),
    ("sw-english-anchor", "sw", "Kwa hivyo, anapata dola 18. The answer is: 18", "18", True),
    ("de-label", "de", "Schritt 1: 16 - 7 = 9. Schritt 2: 9 * 2 = 18.\nAntwort: 18", "18", True),
    ("ru-label", "ru", "9 * 2 = 18.\n\nОтвет: **18** долларов", "18", True),
    ("zh-label", "zh-Hans", "9×2=18。\n答案：18美元", "18", True),
    ("te-label", "te", "9 * 2 = 18. సమాధానం: $18", "18", True),
    ("th-label", "th", "9 * 2 = 18\nตอบ 18 ดอลลาร์", "18", True),
    ("en-annotation", "en", "She makes 9*2=$<<9*2=18>>18 every day.\n#### 18", "18", True),
    ("en-nothing", "en", "I do not know.", "18", False),
    ("en-empty", "en", "", "18", False),
    ("en-word-gold", "en", "The answer is: Tuesday.", "Tuesday", True),
    ("en-word-gold-wrong", "en", "The answer is: Wednesday.", "Tuesday", False),
]  # fmt: skip

TABLE: tuple[Answer, ...] = (
    *(Answer(name, lang, output, gold, True, "mgsm") for name, lang, output, gold in _MGSM),
    *(Answer(name, lang, output, gold, False, "mgsm") for name, lang, output, gold in _MGSM_WRONG),
    *(Answer(*row, "ntrex") for row in _NTREX),
    *(Answer(*row, "msvamp") for row in _MSVAMP),
    *(Answer(*row) for row in _TRAPS),
)
