"""The proof's texts and voices: looked at once a model, when it is done. No line of training or tuning may use them.

`tools/train_verdict.py --prove` and the nightly test do; docs/dsp.md records every look. Swedish, Turkish and Czech are
in no other part, nor is any speaker, nor the synthesiser festival.
"""
# ruff: noqa: E501 - sentences stay whole, in the marks of their languages

PROVE = {
    "en": {
        "human": """Hello, go ahead.|Hi, yes?|Hello, this is Frank Murphy.|Good day.|What is it?|Hello, Dave's phone.|Hi honey.
            |Hello? Is anybody there?|Yes, this is she.|Morning!|Hullo?|Hey, what's up?""",
        "office": """Bluebird Florist, this is Nancy, how may I help you today?|Engineering, Robinson.|Good morning, Oakwood Primary School.
            |Thanks for calling Joe's Auto Repair, can you hold please?|Warehouse, Eddie speaking.|Good afternoon, Grand Plaza, reservations, Claire speaking.""",
        "machine": """You've reached Sarah Thompson at Lakeside Realty. I'm showing a house at the moment, so please leave me your details.
            |Hello, we can't get to the telephone just now, but if you leave your number, somebody will call you this evening.
            |The Google subscriber you have called is not available. Please leave a message after the tone.
            |Hi, this is Kevin's cell. Leave it at the beep.
            |Yo, it's Marcus, I'm probably screening my calls, so start talking and I might pick up.
            |Good evening. The clinic is closed for the weekend. If you need urgent care, go to your nearest hospital.
            |Hi. Sorry. Not here. Message. Thanks.
            |Hello caller. This number does not accept messages. Please try again at another time. Goodbye.""",
        "attendant": """Welcome to Evergreen Energy. Did you know that you can pay your bill online? Main menu. For moving home, press one.
            |Hi, you're through to Speedy Parcels. Please have your tracking number ready.
            |Thank you for holding. You are number four in the queue.""",
        "carrier": """It has not been possible to connect your call. Please hang up and try again.
            |The customer you are trying to call is currently unavailable. Please call again tomorrow.
            |This line has been temporarily suspended at the owner's request.|The cellular phone is out of coverage. A text message will be sent.
            |Due to network congestion, your call could not be put through.""",
    },
    "zh": {
        "human": """喂，老王吗？|喂，你好，请问找谁？|您好，我是孙丽。|啊，喂？|喂，在呢。|你哪位？|喂喂喂，听见没有？|您好，您说。|喂，谁呀？|晚上好。|对，我是。|喂，我在外面呢。""",
        "office": """您好，锦江旅行社，我是小吴，请问您想去哪里？|你好，收发室。|您好，第一中学传达室，您找哪位老师？|您好，车管所咨询台，请讲。|喂，老地方火锅，几位？|您好，人事部，我姓林。""",
        "machine": """你好，我是郑涛，手机不在身边，听到长音以后请说话，说完挂断就可以了。
            |您好，您所呼叫的客户启用了留言服务，请在听到嘟的一声后开始留言。
            |我们全家去旅游了，下个星期回来，急事请发邮件。
            |喂，你好，这里是自动答录机，请说。
            |您好，我是他的语音助手，请问您是哪位，找他有什么事情吗？
            |春节期间本店休息，正月初八照常营业，祝您新年快乐。
            |哎，你好，我现在没空，等会儿给你回过去啊，拜拜。
            |请在信号音后留言，您的留言最长不超过两分钟。""",
        "attendant": """欢迎拨打中原燃气服务热线，抢险报修请按一，业务查询请按二，投诉建议请按三。|您好，感谢您的耐心等待，前面还有三位客户正在排队。
            |欢迎致电云峰科技，请说出您要找的部门或者姓名。""",
        "carrier": """很抱歉，您拨打的用户无应答，请过一会儿再拨。|您好，您所拨打的电话暂停服务。|对不起，您呼叫的号码已经变更，新号码请查询一一四。
            |您拨打的电话现在无法接听，已为您转到来电提醒。|抱歉，该用户无法接通，或者已经关机。|对不起，您没有开通长途业务。""",
    },
    "de": {
        "human": "Hallo, hallo?|Ja, servus.|Familie Krüger.|Was gibt's?|Guten Morgen, Seidel.",
        "office": "Buchhandlung Sommer, Sie sprechen mit Herrn Thiele, womit kann ich dienen?|Werkstatt.|Kanzlei Brandt und Partner, grüß Sie.",
        "machine": "Leider rufen Sie zu einem ungünstigen Zeitpunkt an. Nennen Sie uns Ihre Nummer, wir melden uns umgehend.|Hi, hier ist Lukas, keine Zeit, Nachricht bitte.|Der Anruf kann zur Zeit nicht entgegengenommen werden. Sprechen Sie jetzt.",
        "attendant": "Schön, dass Sie anrufen. Worum geht es? Sagen Sie zum Beispiel: Rechnung, Störung oder Vertrag.",
        "carrier": "Diese Nummer ist uns nicht bekannt. Bitte legen Sie auf.|The person you have called is temporarily not available. Ihr Anruf wird nicht weitergeleitet.",
    },
    "fr": {
        "human": "Allô, oui, je vous écoute.|Oui, qui est-ce?|Bonjour, madame Petit.|Ouais, salut.|Allô? Allô? Allô?",
        "office": "Librairie des Quais, bonjour, Élodie, que puis-je faire?|Accueil, bonjour.|Pharmacie de la Gare, j'écoute.",
        "machine": "Vous avez bien appelé la famille Girard, mais il n'y a personne pour vous répondre. Dites-nous qui vous êtes.|Coucou, ici Léa, je rappelle plus tard, bisous.|La boîte vocale de votre correspondant va enregistrer votre message.",
        "attendant": "Service des impôts. Munissez-vous de votre numéro fiscal, puis composez le un.",
        "carrier": "Suite à un incident technique, votre appel ne peut aboutir.|L'abonné que vous demandez a éteint son téléphone.",
    },
    "es": {
        "human": "¿Quién habla?|Sí, soy yo.|Hola, Jorge.|¿Sí? ¿Sí?|Buenos días.",
        "office": "Ferretería López, buenas, ¿qué necesita?|Secretaría.|Bienvenido a Viajes Mar, le habla Elena.",
        "machine": "Te has comunicado con Raúl. Si quieres que te llame, dime tu nombre y tu teléfono.|La persona con la que intenta hablar no contesta, hable después del pitido.|Ahora no. Luego te llamo.",
        "attendant": "Le damos la bienvenida al servicio de citas. Diga o marque su número de tarjeta.",
        "carrier": "Lo sentimos, su llamada no puede ser completada como fue marcada.|La línea solicitada está suspendida.",
    },
    "ja": {
        "human": "はいはい、もしもし。|いとうです。|もしもし、きこえますか？|はい、こばやしですけど。",
        "office": "はい、ふじこうぎょう、そうむぶのなかむらです。|まいどありがとうございます、すしまつです。",
        "machine": "まことにもうしわけございませんが、ほんじつはきゅうぎょうびです。また、あらためておかけなおしください。|わたなべです。いまうんてんちゅうです。るすばんでんわにいれてください。",
        "attendant": "まもなくオペレーターにおつなぎします。つうわはろくおんさせていただきます。",
        "carrier": "おかけになったでんわは、おきゃくさまのもうしでにより、つうわができなくなっております。",
    },
    "ko": {
        "human": "네, 최입니다.|여보세요, 네, 저예요.|어디세요?|네, 잘 들려요.",
        "office": "반갑습니다, 미래은행 강남지점 정유진입니다.|네, 행정실이에요.",
        "machine": "고객이 전화를 받지 않아 소리샘으로 넘어갑니다. 연결된 후에는 요금이 부과됩니다.|안녕하세요, 오늘은 휴무일입니다. 내일 아침 아홉시에 다시 전화해 주세요.",
        "attendant": "원하시는 메뉴의 번호를 누르세요. 일번, 배송 조회. 이번, 반품 신청.",
        "carrier": "통화량이 많아 연결할 수 없습니다. 잠시 후 다시 걸어 주세요.",
    },
    "ru": {
        "human": "Да, я вас слушаю.|Кто говорит?|Алё, алё.|Здравствуйте, Смирнова.",
        "office": "Автосервис на Садовой, механик Виктор, добрый день.|Библиотека.",
        "machine": "Извините, не успел взять трубку. Продиктуйте, пожалуйста, своё имя и телефон после гудка.|Вы дозвонились в поликлинику. Приём окончен, ждём вас завтра с восьми утра.",
        "attendant": "Добро пожаловать. Чтобы узнать состояние счёта, нажмите один. Чтобы повторить, нажмите звёздочку.",
        "carrier": "Вызываемый абонент не отвечает или занят. Ему отправлено сообщение.",
    },
    "sv": {
        "human": "Hallå?|Ja, det är Karin.|Hej.|Andersson.",
        "office": "Folktandvården, välkommen, du talar med Maria.|Växeln, god dag.",
        "machine": "Hej, du har kommit till Erik. Jag kan inte svara just nu, men lämna gärna ett meddelande efter tonen.|Vi har stängt för dagen.",
        "attendant": "Välkommen till Elbolaget. För felanmälan, tryck ett.",
        "carrier": "Abonnenten kan inte nås för tillfället. Försök igen senare.",
    },
    "tr": {
        "human": "Alo?|Efendim?|Buyurun.|Alo, kimsiniz?",
        "office": "Yıldız Turizm, iyi günler, ben Ayşe, nasıl yardımcı olabilirim?|Santral, buyurun.",
        "machine": "Merhaba, şu anda telefona cevap veremiyorum. Lütfen sinyal sesinden sonra mesajınızı bırakın.|Evde yokuz, sonra arayın.",
        "attendant": "Hoş geldiniz. Müşteri temsilcisine bağlanmak için sıfırı tuşlayın.",
        "carrier": "Aradığınız kişiye şu anda ulaşılamıyor. Lütfen daha sonra tekrar deneyin.",
    },
    "it": {
        "human": "Sì, sono io.|Pronto, casa Bianchi.|Chi è?|Buonasera.",
        "office": "Officina Rinaldi, buongiorno, mi dica.|Segreteria studenti, sono Giulia.",
        "machine": "Risponde la segreteria telefonica di Franco e Laura. Lasciate nome e numero, vi richiameremo appena possibile.|Non posso parlare, scrivimi.",
        "attendant": "Gentile cliente, per informazioni commerciali digiti uno, per assistenza tecnica digiti tre.",
        "carrier": "Il cliente desiderato non è al momento raggiungibile. La preghiamo di riprovare più tardi.",
    },
    "cs": {
        "human": "Haló?|Prosím?|Novák.|Ano, slyším.",
        "office": "Dobrý den, hotel Praha, recepce, co pro vás mohu udělat?|Vrátnice.",
        "machine": "Dobrý den, nejsem doma. Po zaznění signálu zanechte vzkaz, ozvu se vám.|Tady záznamník rodiny Dvořákových.",
        "attendant": "Vítejte na zákaznické lince. Pro spojení s operátorem stiskněte devět.",
        "carrier": "Volané číslo není dostupné. Opakujte prosím volání později.",
    },
}
PROVE_VARIANTS = ("+m8", "+adam", "+anika", "+belinda", "+benjamin", "+caleb", "+david", "+ed", "+edward", "+gustave", "+iven",
                  "+john", "+michel", "+pablo", "+paul", "+quincy", "+rob", "+sandro", "+shelby", "+travis", "+victor",
                  "+zac", "+grandma", "+miguel")
PROVE_FLITE = ("slt",)
PROVE_FESTIVAL = {"it": ("lp_diphone", "iso8859-1"), "cs": ("czech_ph", "iso8859-2")}
