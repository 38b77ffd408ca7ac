"""What people, machines and networks say when a call is answered: texts and voices to train on and to develop with.

The proof's are in corpus_proof.py: other sentences, other voices. Japanese stands in kana, which espeak-ng can read.
"""
# ruff: noqa: E501 - sentences stay whole, in the marks of their languages

# role: human, a private person; office, a person for his house; machine, a greeting that ends with a beep or in silence;
# attendant, a house's machine; carrier, the network. One text a line.
TRAIN = {
    "en": {
        "human": """Hello?|Hello.|Yes?|Hi, hello?|Hello, Peter speaking.|Yes, hello?|Smith.|Hi.|Hello, who is this?|Hey.
            |Yep?|Hello, can I help you?|Good morning.|Speaking.|This is Karen.|Hello, Johnson here.|Hi, this is Mike.|Yo.
            |Hello? Hello?|Hello, Emma.|Uh, hello?|Yes, who is calling please?|Hello, it's Rob.|Good afternoon, hello.
            |Hello... hello? I can't hear you.|Hang on a second. Hello?|Yeah, hi, I'm here.|Ok, go ahead.""",
        "office": """Good morning, Miller and Sons, this is Anna speaking, how can I help you?
            |Thank you for calling Green Motors, Tom here.|Accounts, Jenny speaking, good morning.|Sunrise Dental, how may I help?
            |Front desk, this is Paul.|Good afternoon, Walker Law Office.|Hello, Pizza Express, would you like to order?
            |Third floor nursing station, Kelly speaking.|Good evening, thank you for calling the Royal Inn, how may I direct your call?
            |Parts department, Steve.|Hello, Brook Street Library, Susan speaking.|Customer service, my name is Ben, how can I help?""",
        "machine": """Hi, this is John. I am not here right now. Please leave your name and number after the tone, and I will call you back.
            |You have reached the Baker family. We cannot come to the phone. Please leave a message.
            |Hello. Nobody is at home at the moment. Speak after the beep, thank you.|Hi. You know what to do after the beep.
            |Good day. This is the office of Bell and Son. We are closed now. Our hours are nine to five. Please call again.
            |Hey, it's Sue, leave a message and I will get back to you as soon as I can.
            |Hello, you've reached the voicemail of Andrew Cole. I'm either on another call or away from my desk.
            |Your call has been forwarded to an automated voice message system. At the tone, please record your message.
            |The person you are trying to reach is not available. Please leave your message after the tone.
            |Hi, I can't take your call now. Leave me a message.|Hello? No, just kidding, I'm not here. Leave a message.
            |Hi, sorry I missed your call. Please leave your name, your number and a short message and I'll return your call.
            |We're sorry, no one can take your call. When you have finished recording, you may hang up, or press one for more options.
            |This is Doctor Reed's office. If this is an emergency, hang up and dial nine one one. Otherwise leave a message.
            |Hello, this is Linda. I'm on holiday until Monday the fourth. Please call my colleague, or send me an email.
            |Hi there. It's Tim and Rachel. We're out walking the dog. Talk to the machine.
            |At the tone, please record your message. When you are finished, hang up or press pound for further options.
            |Please leave a message for two, one, two, five, five, five, oh, one, four, seven.""",
        "attendant": """Thank you for calling Western Insurance. For claims, press one. For billing, press two.
            |Welcome to City Bank. Your call may be recorded for quality. Please enter your account number followed by the pound key.
            |Hello, and thank you for calling North Air. To help us direct your call, please listen to the following options.
            |If you know your party's extension, you may dial it at any time. Otherwise, please hold for the operator.
            |All of our agents are currently busy. Please stay on the line, and your call will be answered in the order received.""",
        "carrier": """The number you have dialled is not in service. Please check the number and dial again.
            |The subscriber you have called is not available. Please try again later.
            |We're sorry. You have reached a number that has been disconnected or is no longer in service.
            |The mobile phone you are calling is switched off or out of the service area.
            |The number you have called has been changed. The new number is five five five, two three, six eight.
            |Sorry, the number you dialed is busy now. Please redial later.
            |Sorry, the subscriber you dialed is power off.|Sorry, the number you dialed does not exist, please check it and dial again.
            |Your call cannot be completed as dialed. Please check the number and dial again, or call your operator.""",
    },
    "zh": {
        "human": """喂？|喂，你好。|你好。|喂，哪位？|您好，请讲。|喂，喂？|喂？喂？喂？|哎。|您好。|喂，您好，哪位？|喂，你找谁？|喂，什么事？|喂，说话呀。|你好，你是？
            |嗯，喂？|哎，你说。|您好，哪里？|喂，听得到吗？|喂，我是小陈。|喂，妈。|喂，请问是哪位？|是我，你说吧。|你好，我是李华。|喂，啥事儿？|喂，您好，请说。|早上好。|喂，等一下啊。""",
        "office": """您好，蓝天贸易公司，我是小李，请问有什么可以帮您？|你好，人民医院总机，请问您找谁？|您好，财务部。|你好，前台。|您好，东方大酒店总机，很高兴为您服务。
            |喂，你好，张记饭店，请问订位吗？|您好，建设银行，工号三零五为您服务。|您好，这里是教务处。|你好，物业，请说。|你好，华联超市，请问哪位？|您好，天成律师事务所，请问找哪位律师？|您好，售后服务部，我姓赵。""",
        "machine": """您好，我现在不在家，请在听到提示音以后留言，我会尽快给您回电话。|你好，这里是王先生的语音信箱，请留下您的姓名和电话号码，谢谢。
            |喂，你好，我正在开会，晚一点给你打过去，谢谢，再见。|对不起，我现在不能接听您的电话，请在嘀声之后留言。
            |您好，您拨打的用户现在不方便接听电话，请在提示音后留言，留言结束请挂机。|您好，欢迎使用语音信箱，机主现在无法接听，请留言。
            |你好，我是小周，我现在有事，请留言，我看到后马上回复。|这里是陈家，我们都出去了，请在哔声后留下口信。|喂，我不在，有事留言。
            |您好，主人不在，我是智能助理，请问您有什么事情需要转达？|你好，我是机主的电话秘书，他现在不方便接听，您可以告诉我您的来意，我会帮您转达。
            |您好，本公司现在已经下班，上班时间是星期一到星期五，早上九点到下午五点半，请在上班时间来电。|您的电话已被转接到语音信箱，请在听到提示音后开始录音，录音完毕请按井号键。
            |您好，请留言。|喂，您好，我在开车，请您发短信给我。""",
        "attendant": """您好，欢迎致电长江电器，产品咨询请按一，售后服务请按二，人工服务请按零。|欢迎致电平安客服中心，为了保证服务质量，您的通话将被录音。
            |您好，欢迎致电海天集团，请直拨分机号，查号请拨零。|您好，座席全忙，请您耐心等待，我们将尽快为您服务。|您好，这里是市民热线，普通话请按一，for English, please press two。
            |感谢您的来电，请输入您的十一位手机号码，以井号键结束。""",
        "carrier": """对不起，您拨打的电话已关机，请稍后再拨。|对不起，您拨打的号码是空号，请查证后再拨。|对不起，您拨打的用户正在通话中，请稍后再拨。
            |您拨打的电话暂时无人接听，请稍后再拨。|对不起，您所拨打的用户不在服务区，请稍后再拨。|您好，您拨叫的用户正忙，请稍后再拨。|对不起，您拨打的用户已停机。
            |对不起，您的电话已欠费，请您续缴话费，谢谢。|您拨的号码不存在，请核对后再拨。|对不起，您拨打的用户已设置呼入限制。|您拨打的用户已启用来电提醒功能，我们将以短信的形式通知对方。
            |您好，请不要挂机，您拨打的电话正在通话中。|对不起，线路繁忙，请您稍后再拨。""",
    },
    "de": {
        "human": "Hallo?|Ja bitte?|Müller.|Ja, hallo?|Schneider, guten Tag.|Ja?|Hier Becker.|Guten Abend.|Hallo, Julia hier.|Wer spricht?|Ja, wer ist da?|Hofmann am Apparat.",
        "office": """Guten Tag, Autohaus Schmidt, mein Name ist Petra Klein, was kann ich für Sie tun?|Bäckerei Lang, guten Morgen.
            |Stadtwerke Bonn, Einkauf, Meier.|Herzlich willkommen im Hotel Adler, Sie sprechen mit Jonas Wolf.|Empfang, Krause, hallo.""",
        "machine": """Guten Tag, hier ist der Anschluss von Familie Weber. Wir sind nicht da. Bitte sprechen Sie nach dem Ton.
            |Hallo, ich bin gerade nicht zu Hause, hinterlassen Sie mir bitte eine Nachricht, ich rufe zurück.
            |Guten Tag. Sie sind verbunden mit der Mailbox von null eins sieben eins. Bitte hinterlassen Sie eine Nachricht.
            |Hallo, hier ist der automatische Anrufbeantworter. Sprich nach dem Piep.
            |Sie rufen leider außerhalb unserer Geschäftszeiten an. Wir sind montags bis freitags für Sie da.""",
        "attendant": "Willkommen bei der Nordbank. Für Fragen zu Ihrem Konto drücken Sie die eins.|Alle Mitarbeiter sind im Gespräch. Bitte haben Sie einen Augenblick Geduld.",
        "carrier": "Kein Anschluss unter dieser Nummer. Bitte rufen Sie die Auskunft an.|Die gewählte Rufnummer ist nicht vergeben.|Der Teilnehmer ist vorübergehend nicht erreichbar.",
    },
    "fr": {
        "human": "Allô?|Oui, allô?|Allô, oui?|Oui bonjour?|Oui?|Allô bonjour.|Qui est à l'appareil?|Allô, Sophie.|Oui, j'écoute?|Allô, allô?",
        "office": """Société Dupont, bonjour, Claire à votre service.|Mairie de Tours, bonjour.|Hôtel du Parc, bonsoir, que puis-je pour vous?
            |Garage Moreau, bonjour, Julien à l'appareil.|Service clients, bonjour, je vous écoute.""",
        "machine": """Bonjour, vous êtes bien chez Paul et Marie. Nous sommes absents. Laissez un message après le bip sonore.
            |Je ne suis pas disponible pour le moment, merci de me laisser un message, je vous rappelle.
            |Bonjour, vous êtes sur le répondeur du zéro six douze. Veuillez laisser votre message.
            |Salut, c'est Nico, je ne suis pas là, parlez après le signal.
            |Nos bureaux sont actuellement fermés. Ils sont ouverts du lundi au vendredi de neuf heures à dix-huit heures.""",
        "attendant": "Bienvenue chez Atlantique Assurances. Pour une déclaration, tapez un.|Toutes nos lignes sont occupées. Veuillez patienter, nous allons prendre votre appel.",
        "carrier": "Le numéro que vous avez demandé n'est pas attribué. Veuillez consulter l'annuaire.|Le numéro composé n'est pas en service actuellement.|La ligne de votre correspondant est en dérangement.",
    },
    "es": {
        "human": "¿Diga?|¿Sí?|¿Hola?|¿Bueno?|Sí, dígame.|Hola, buenas.|¿Aló?|Sí, ¿quién llama?|Hola, soy Pedro.|¿Mande?|Hola, hola.",
        "office": """Talleres García, buenos días, le atiende Lucía, ¿en qué puedo ayudarle?|Recepción, buenas noches.|Clínica Norte, dígame.
            |Restaurante El Puerto, buenas tardes.|Atención al cliente, mi nombre es Marta.""",
        "machine": """Hola, ahora no puedo atenderte. Deja tu mensaje después de la señal, y te llamaré. Gracias.
            |Este es el contestador de la familia Ruiz. No estamos en casa, deje su mensaje.
            |Ha llamado al buzón de voz de seis, cinco, cuatro. Grabe su mensaje después de oír la señal.
            |En este momento no hay nadie en la oficina. Nuestro horario es de ocho a tres.
            |Hola, soy Ana. Estoy ocupada. Mándame un mensaje.""",
        "attendant": "Bienvenido a Seguros Sol. Si conoce la extensión, márquela ahora.|Todos nuestros agentes están ocupados. Por favor, permanezca a la espera.",
        "carrier": "El número marcado no existe. Por favor, compruebe el número y vuelva a marcar.|El teléfono al que llama no está disponible.|Por saturación en las líneas, llame más tarde.",
    },
    "nl": {
        "human": "Hallo?|Met Jan.|Ja, hallo?|Met De Vries.|Ja?|Hoi, met Lisa.|Wie is daar?|Goedenavond.",
        "office": "Goedemiddag, garage Jansen, u spreekt met Els, waarmee kan ik u helpen?|Gemeente Delft, goedemorgen.|Receptie, met Bram.",
        "machine": """Hallo, wij zijn er even niet. Spreek na de piep een bericht in, dan bellen wij u terug.
            |Dit is het antwoordapparaat van Kees. Ik ben aan het werk, probeer het vanavond nog eens.
            |Dit is de voicemail van nul zes, twaalf. Spreek een bericht in na de toon.
            |Hoi, ik kan nu niet opnemen.""",
        "attendant": "Welkom bij Waterland. Kies één voor storingen, twee voor facturen.|Al onze medewerkers zijn in gesprek. Een ogenblik geduld.",
        "carrier": "Dit nummer is niet in gebruik. Controleer het nummer en bel opnieuw.|De mobiele telefoon die u belt is uitgeschakeld.",
    },
    "pl": {
        "human": "Halo?|Słucham?|Tak, słucham.|Tak?|Dzień dobry.|Halo, kto mówi?|Nowak, słucham.|No cześć.",
        "office": "Dzień dobry, hotel Warszawa, recepcja, w czym mogę pomóc?|Sekretariat, słucham.|Apteka Pod Lwem, dzień dobry.",
        "machine": """Dzień dobry, nie mogę teraz odebrać telefonu. Proszę zostawić wiadomość po sygnale. Dziękuję.
            |Tu automatyczna sekretarka. Nie ma nas w domu, oddzwonimy wieczorem.
            |Dodzwoniłeś się do poczty głosowej. Nagraj wiadomość po usłyszeniu sygnału.""",
        "attendant": "Witamy w banku. Aby połączyć się z konsultantem, wybierz zero.|Wszyscy konsultanci są zajęci. Prosimy czekać.",
        "carrier": "Abonent jest poza zasięgiem lub ma wyłączony telefon.|Nie ma takiego numeru.|Połączenie nie może być zrealizowane.",
    },
    "ja": {
        "human": "もしもし。|はい、もしもし？|はい。|はい、たなかです。|もしもし、どなたですか？|はい、すずきでございます。|もしもし、もしもし？|ええ、はい。",
        "office": "おでんわありがとうございます、やまだしょうじでございます。|はい、さくらびょういん、うけつけです。|おせわになっております、えいぎょうぶのさとうです。|はい、みどりホテルでございます。",
        "machine": """ただいまるすにしております。はっしんおんのあとに、おなまえとごようけんをおはなしください。
            |はい、たかはしです。ただいまでかけております。ピーというおとのあとに、メッセージをおねがいします。
            |おかけになったでんわは、おつなぎできません。メッセージをろくおんするかたは、ピーというおとのあとにおはなしください。
            |もしもし、いまでられません。あとでかけなおします。
            |ほんじつのえいぎょうはしゅうりょういたしました。""",
        "attendant": "おでんわありがとうございます。ごようけんのばんごうをおしてください。|ただいまでんわがたいへんこみあっております。そのままおまちください。",
        "carrier": "おかけになったでんわばんごうは、げんざいつかわれておりません。|おかけになったでんわは、でんぱのとどかないばしょにあるか、でんげんがはいっていないため、かかりません。",
    },
    "ko": {
        "human": "여보세요?|네.|네, 여보세요.|여보세요, 누구세요?|네, 김민수입니다.|예, 말씀하세요.|어, 여보세요? 여보세요?|누구시죠?",
        "office": "안녕하십니까, 한국상사입니다. 무엇을 도와드릴까요?|네, 영업부 박지훈입니다.|감사합니다, 서울호텔 예약실입니다.|네, 관리사무소입니다.",
        "machine": """지금은 전화를 받을 수 없습니다. 삐 소리가 난 후 메시지를 남겨 주세요.
            |안녕하세요, 이지은입니다. 지금 외출 중이니 연락처를 남겨 주시면 전화드리겠습니다.
            |연결이 되지 않아 음성사서함으로 연결됩니다. 삐 소리 후 통화료가 부과됩니다.
            |여보세요, 제가 지금 회의 중이라서 나중에 전화드리겠습니다.""",
        "attendant": "안녕하세요, 고객센터입니다. 상담원 연결은 영번을 눌러 주세요.|모든 상담원이 통화 중입니다. 잠시만 기다려 주십시오.",
        "carrier": "지금 거신 번호는 없는 번호입니다. 다시 확인하시고 걸어 주십시오.|고객님의 전화기가 꺼져 있어 음성사서함으로 연결됩니다.",
    },
    "ru": {
        "human": "Алло?|Да?|Алло, слушаю.|Слушаю вас.|Да, алло.|Алло, кто это?|Да, говорите.|Иванов слушает.|Привет.",
        "office": "Добрый день, компания Север, меня зовут Ольга, чем могу помочь?|Приёмная, здравствуйте.|Стоматология Улыбка, администратор Анна.|Отдел кадров, слушаю.",
        "machine": """Здравствуйте, меня сейчас нет дома. Оставьте сообщение после сигнала.
            |Вы позвонили в квартиру Петровых. К сожалению, мы не можем подойти к телефону.
            |Абонент не может ответить на ваш звонок. Оставьте голосовое сообщение после сигнала.
            |Алло. Это автоответчик. Говорите.|Наш офис работает с девяти до шести. Перезвоните, пожалуйста, в рабочее время.""",
        "attendant": "Здравствуйте, вы позвонили в банк Восток. Для связи с оператором нажмите ноль.|Все операторы заняты. Пожалуйста, оставайтесь на линии.",
        "carrier": "Аппарат абонента выключен или находится вне зоны действия сети.|Набранный вами номер не существует.|Номер не обслуживается.",
    },
    "vi": {
        "human": "A lô?|A lô, ai đấy?|Dạ, tôi nghe.|Vâng, a lô.|Dạ, xin chào.|A lô, a lô?",
        "office": "Dạ, công ty Hoàng Long xin nghe, em có thể giúp gì cho anh chị?|Lễ tân khách sạn Sài Gòn xin nghe.",
        "machine": "Xin chào, hiện tại tôi không thể nghe máy, vui lòng để lại lời nhắn sau tiếng bíp.|Đây là hộp thư thoại. Xin để lại tin nhắn.|A lô, tôi đang họp, tôi sẽ gọi lại sau.",
        "attendant": "Cảm ơn quý khách đã gọi đến tổng đài. Để gặp nhân viên, vui lòng bấm phím không.",
        "carrier": "Thuê bao quý khách vừa gọi tạm thời không liên lạc được. Xin quý khách vui lòng gọi lại sau.|Số máy quý khách vừa gọi không có thật.",
    },
}
DEVELOP = {
    "en": {
        "human": "Hello, hello?|Good evening.|Yeah?|Hello, this is Mary.|Hi, who's that?|Yes, good morning.|Hello, Doctor Price.|Alright, talk to me.",
        "office": "Good afternoon, City Hospital, reception, what can I do for you?|Harbour Taxi, where are you?|Sales, Monica speaking.",
        "machine": """Welcome to the voice mail of David Stone. I am on the road today. Leave your message after the signal.
            |Hi there, you just missed me. Tell me what you want and where I find you, bye!
            |I'm sorry, but the person you called has a voice mailbox that has not been set up yet.
            |Hello, this is the Parker residence, we're not in.|Hey! Can't talk. Text me.""",
        "attendant": "Thank you for calling Metro Cable. If you are calling about an outage in your area, press one now.|Please hold while we connect you.",
        "carrier": """Sorry, all circuits are busy now. Your call cannot be completed. Please hang up.|The wireless customer is not available.
            |The number you are calling cannot be reached at the moment.""",
    },
    "zh": {
        "human": "喂，谁啊？|哎，你好。|喂，我是张伟。|喂，您是哪位啊？|你好，你好。|嗯，说吧。|喂？怎么了？|您好，我听着呢。",
        "office": "您好，这里是南京饭店前台，很高兴为您服务。|你好，二车间。|您好，新华书店，请问需要什么帮助？",
        "machine": """我是刘老师，上课时间不方便接电话，有事请留言，下课以后我再联系您。|您好，目前无人在家，请留下口信。
            |你好，对方暂时不能接听，请您在滴声后留言，按任意键结束。|喂，你好，我这会儿忙，回头打给你。""",
        "attendant": "您好，感谢您致电光明物流，查件请按一，寄件请按二。|您的来电正在转接，请稍候。",
        "carrier": "您好，您拨打的用户暂时无法接通，请不要挂断，或者稍后再拨。|对不起，您拨打的号码有误。|对不起，对方已关机。",
    },
    "de": {
        "human": "Wer ist da?|Hallo, Bergmann hier.|Ja, grüß Gott.",
        "office": "Praxis Doktor Lehmann, guten Morgen, Sie sprechen mit Frau Vogt.",
        "machine": "Dies ist die Mailbox von Karl Huber. Leider bin ich unterwegs. Nachrichten bitte nach dem Signalton.|Hallo, hier spricht der Anrufbeantworter von Ute.",
        "attendant": "Guten Tag. Ihr Anruf ist uns wichtig. Bitte wählen Sie aus folgenden Möglichkeiten.",
        "carrier": "Der gewünschte Gesprächspartner ist zur Zeit nicht erreichbar. Bitte versuchen Sie es später.",
    },
    "fr": {
        "human": "Allô, c'est qui?|Oui, j'écoute.|Bonsoir.",
        "office": "Cabinet du docteur Martin, bonjour, que puis-je faire pour vous?",
        "machine": "Vous êtes sur la messagerie de Luc Bernard. Après le signal, dites-moi tout, et à bientôt.|Bonjour, merci de laisser un message.",
        "attendant": "Bonjour et bienvenue. Votre appel va être pris en charge par un conseiller.",
        "carrier": "Votre correspondant n'est pas joignable actuellement. Veuillez renouveler votre appel.",
    },
    "es": {
        "human": "Hola, ¿quién es?|Dígame.|Sí, buenas tardes.",
        "office": "Hotel Central, buenas tardes, ¿con quién desea hablar?",
        "machine": "Soy Carmen, estoy de viaje hasta el lunes. Cuéntame algo cuando oigas el tono.|Hola, no estoy. Deja un recado.",
        "attendant": "Gracias por llamar a Telered. Para español, marque uno.",
        "carrier": "El teléfono al que llama está apagado o fuera de cobertura en este momento.",
    },
    "ja": {
        "human": "はい、どちらさまでしょうか。|もしもし、やまもとです。",
        "office": "はい、あおぞらぎんこう、しんじゅくしてんでございます。",
        "machine": "ただいまでんわにでることができません。ピーとなりましたら、おなまえとおでんわばんごうをおっしゃってください。",
        "attendant": "こちらはじどうおうとうです。おきゃくさまばんごうをにゅうりょくしてください。",
        "carrier": "おきゃくさまのごつごうにより、おつなぎできません。",
    },
    "ru": {
        "human": "Да, слушаю вас.|Алло, Сергей.",
        "office": "Магазин Ромашка, добрый вечер, слушаю вас внимательно.",
        "machine": "Привет, это Маша. Я сейчас занята, запишите сообщение, я перезвоню.",
        "attendant": "Спасибо за звонок. Ваш разговор может быть записан.",
        "carrier": "Абонент временно недоступен. Попробуйте позвонить позднее.",
    },
    "it": {
        "human": "Pronto?|Sì, pronto?|Chi parla?",
        "office": "Farmacia San Marco, buongiorno, come posso aiutarla?",
        "machine": "Ciao, in questo momento non sono in casa. Lasciate un messaggio dopo il segnale acustico, vi richiamo.",
        "attendant": "Benvenuto. Per parlare con un operatore, prema due.",
        "carrier": "Il numero da lei selezionato è inesistente. Si prega di consultare l'elenco.",
    },
    "pt": {
        "human": "Alô?|Oi, quem é?|Pois não?",
        "office": "Escritório Oliveira, boa tarde, aqui é a Beatriz.",
        "machine": "Você ligou para o Marcos. Agora não posso atender. Deixe seu recado depois do sinal, obrigado.",
        "attendant": "Olá, bem-vindo. Digite o número do seu documento.",
        "carrier": "O número chamado encontra-se fora de serviço. Verifique e tente novamente.",
    },
}
# voices of espeak-ng: `language+variant`; those of flite are English readers whose speech was recorded
VOICES = {"en": "en-us", "zh": "cmn-latn-pinyin", "de": "de", "fr": "fr-fr", "es": "es", "nl": "nl", "pl": "pl", "it": "it",
          "pt": "pt-br", "ja": "ja", "ko": "ko", "ru": "ru", "vi": "vi", "sv": "sv", "tr": "tr", "cs": "cs"}
TRAIN_VARIANTS = ("", "+f2", "+f3", "+f5", "+m1", "+m3", "+m5", "+m7", "+Alex", "+Annie", "+Denis", "+klatt", "+klatt3",
                  "+croak", "+whisper", "+antonio", "+aunty", "+boris", "+Jacky", "+Lee", "+Marco", "+Michael", "+Storm",
                  "+Alicia", "+Gene", "+Hugo", "+max", "+steph3")
DEVELOP_VARIANTS = ("+f1", "+f4", "+m2", "+m4", "+m6", "+steph", "+Andy", "+linda", "+klatt2", "+whisperf")
TRAIN_FLITE, DEVELOP_FLITE = ("kal", "awb"), ("rms",)
