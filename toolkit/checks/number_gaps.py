"""Counters that have lost their number: Japanese *、年後に* can only have been *、10年後に*.

A number that English says in words ("a decade later", "per hour") has no digits there to be missed. In Japanese it has
digits, and a counter word that cannot stand without one. The patterns ask for a particle or a stop before such a word
and for what makes it a counter after it; on human Japanese they find nothing.
"""

from __future__ import annotations

import regex

from ..languages import Language

_COUNTERS = {
    "ja": regex.compile(
        r"(?<=^|[はがをにでともへのたう、。，．「」（(！？?:：])(?:"
        r"つ(?:あたり|当たり|目|の(?=[一-龥ァ-ヶ])|買|(?=[をがとは、]))"
        r"|(?:個|人|回|台|枚|本|足|冊|匹|羽|頭|杯|箱|袋|食|組|缶|ダース|ポンド|時間|日|分|週間|[かヶカヵケ箇]月|年|マイル|リットル"
        r"|グラム|キロ)(?:あたり|当たり|につき)"
        r"|[かヶカヵケ箇](?:月(?:間|目|後|前|で|以|に|の|、)|所|国)"
        r"|年(?:後|前|ぶり|代|目|来の)|時間(?:半|後|前|かか|以内|経|歩|走)|日(?:間|目|後|前)|日に[0-9０-９]"
        r"|分(?:後|前|間|の[1-9１-９](?![/／0-9０-９]))|週(?:間|目)(?:で|に|後|前|の|、|目)"
        r"|[番人回度台枚本匹]目|人の(?=[男女少子大友看若])|時間に[0-9０-９]|月(?=に|から|まで|、|[0-9０-９]{1,2}日)"
        r")|(?<=午[前後])時|(?<=時速)(?:マイル|キロ)|(?<=[0-9０-９]月)日|(?<=[0-9０-９]年)月"
    )
}


def number_gaps(text: str, language: Language) -> list[str]:
    """The counters of a text that stand without a number; none for languages that can do without numbers there."""
    pattern = _COUNTERS.get(language.code)
    return [match[0] for match in pattern.finditer(text)] if pattern else []
