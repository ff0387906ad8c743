"""English words that are often written with a capital letter, but translated: titles, offices, institutions, places of

the map, peoples, countries with names of their own in many languages, days and months.
"""

from __future__ import annotations

import re

TITLE_WORDS = frozenset(
    re.findall(
        r"\w+",
        """
    above academy act administration advanced advocate affairs africa african africans after agency agreement
    aid airlines airport all alliance also although ambassador amendment america american americans ancient and
    answer answers antarctica any april arab arabic archbishop arctic are arena artificial arts as asia asian
    assembly assessment assistant association at athletic atlantic attorney august australia australian austria
    authority award awards bank baptist baroness basin bay beach because been before being belgium below benefit
    best better between big bill bishop black blue board bowl branch brazil brazilian bridge brigade britain
    british broadcasting brother brothers buddhist building bureau business but by cabinet campaign can canada
    canadian capital captain cardinal castle category cathedral catholic catholics center central centre century
    chairman chairwoman challenge chamber champions championship championships chancellor channel chapter
    charity chief children china chinese choir christian christianity christians christmas church churches
    circuit civil clinic club coach coast coastal colonel commander commission commissioner committee common
    commons communist communists community company conference congress congressional congressman congresswoman
    conservative conservatives constable constitution constitutional consulate control cooperation coroner
    corporation could council councillor counsel county court crimes criminal croatia cross crown culture cup
    customs czech danish data day days death december deep defence defense delegation democracy democrat
    democratic democrats denmark department deputy desert detective development did digital diocese director
    directorate disaster district division do doctor does down dr duchess duke during dutch each eagle earl
    early earth east easter eastern economic economy education egypt egyptian election elections electoral
    electric embassy emergency emperor empire employment energy engineering england english enterprise
    entertainment environment environmental episcopal equality estate europe european europeans even evening
    every exchange executive exhibition express faculty fair family farm father february federal federation
    fellow festival few fewer film final finals finance financial finland finnish fire first flag fleet food
    football for force forces foreign forest forum foundation four fourth france free freedom french friday
    fridays friends from front full fund gallery game games garden gardens gas gate general generation german
    germans germany get global gold golden government governor grand great greece greek green ground group guard
    guardian guards gulf had hall halloween harbor harbour has have he head health her here high highway hill
    hills hindu his history holy home hospitality hotel hour house housing how however human hungary hurricane
    if immigration in independence independent india indian industrial industries industry information
    initiative inquiry inspector institute institution insurance intelligence interior into investigation
    investment iran iranian iraq iraqi ireland irish is islam islamic island islands israel israeli it italian
    italy its jail january japan japanese jew jewish jews joint journal judge judicial judiciary july june
    junior just justice kenyan king kingdom korea korean labor labour lady lake land large last latin law laws
    leader leadership league left legal legislative legislature less liberal liberals liberation liberty library
    life light like line little live local long lord love lower magazine mail main major majority management
    manager many marathon march marine marines maritime market marketing martial master masters may mayor me
    media medical medicine mediterranean member members memorial metropolitan mexican mexico middle military
    minister ministers ministry miss mission missions mobile modern monday mondays monitor monument more morning
    most mother motor mount mountain mountains movement mr mrs ms much municipal museum music muslim muslims
    must my nation national nations natural navy nazi nazis netherlands network new news newspaper next nigerian
    night no nobel north northeast northern northwest norway norwegian not november now number oblast ocean
    october of off office officer officers official old olympic olympics on one only open opera operation
    operations opposition or order organisation organization orthodox other our out outer over overseas own
    pacific palace palestine palestinian panel parish park parks parliament parliamentary part parties partners
    partnership party pass patriarch peace people peoples personal petroleum physics place plain plains plan
    planning plaza please point poland police policy polish political pool pope popular port portugal portuguese
    post power premier presbyterian presidency president presidential presiding press prevention prime prince
    princess prison private prize professor program programme progress project projects property prosecutor
    protection protector protestant province provincial public puritan queen question questions quite race radio
    rail railway ramadan rapid rebel reconciliation record recovery red reef reform refugee regiment region
    regional register relations release religious republic republican republicans rescue research reserve
    residence resistance resort resources response restaurant review revolution revolutionary right rights river
    road rock rocky roman royal rugby rule rural russia russian russians safety saint sales salt same sanctuary
    saturday saturdays saudi save say school schools science sciences scientific scotland scottish sea season
    second secret secretary section sector security select senate senator senior september sergeant series
    service services she sheriff shop shore short should silent silver since sir six small so social socialist
    society soldier soldiers solicitor solution some son south southeast southern southwest soviet space
    spaceport spain spanish special spokesman spokeswoman sport sports spring square stadium staff standard
    standards star state states station statistics status step steps still stock store storm story strait
    strategic strategy street strike student students studies study such summer summit sun sunday sundays super
    supreme survey sweden swedish switzerland syria syrian system tax teacher team technical technologies
    technology telegraph television temple ten territory test than thanksgiving that the theater theaters
    theatre theatres their them then there these they thing third this those though three through thursday
    thursdays times title to today together tomorrow too top tour tourism toward tower town trade traffic
    transport transportation treasury treaty trial tribunal trinity troops tropical trust tuesday tuesdays
    turkey turkish twin two typhoon ukraine ukrainian under union unit united unity university until up upon
    upper urban us user valley very vice victory village virgin vision volunteer volunteers wales war was water
    wave way we weather wednesday wednesdays week welfare well welsh were west western what when where which
    while white who whole whose why wild wildlife will wind winter with within without woman women wood work
    workers works world would writers year yen yes yesterday yet you young your youth yuan zone
        """,
    )
)
"""In small letters."""
