"""What people, answering machines and networks say when a call is answered: texts to train on and to prove on.

The proof's texts are other sentences, its voices other voices; Italian and Portuguese are in the proof alone.
"""

# language: (voice of espeak-ng, {role: texts to train on}, {role: texts to prove on})
TEXTS = {
    "en": ("en-us", {
        "human": ("Hello?", "Hello.", "Yes?", "Hi, hello?", "Hello, Peter speaking.", "Yes, hello?", "Smith."),
        "office": ("Good morning, Miller and Sons, this is Anna speaking, how can I help you?",
                   "Thank you for calling Green Motors, Tom here.", "Accounts, Jenny speaking, good morning.",
                   "Sunrise Dental, how may I help?"),
        "machine": ("Hi, this is John. I am not here right now. Please leave your name and number after the tone, and "
                    "I will call you back.",
                    "You have reached the Baker family. We cannot come to the phone. Please leave a message.",
                    "Hello. Nobody is at home at the moment. Speak after the beep, thank you.",
                    "Hi. You know what to do after the beep.",
                    "Good day. This is the office of Bell and Son. We are closed now. "
                    "Our hours are nine to five. Please call again.",
                    "Hey, it's Sue, leave a message and I will get back to you as soon as I can."),
        "carrier": ("The number you have dialled is not in service. Please check the number and dial again.",
                    "The subscriber you have called is not available. Please try again later."),
    }, {
        "human": ("Hello, hello?", "Good evening.", "Yeah?", "Hello, this is Mary."),
        "office": ("Good afternoon, City Hospital, reception, what can I do for you?",),
        "machine": ("Welcome to the voice mail of David Stone. I am on the road today. Leave your "
                    "message after the signal.",
                    "Hi there, you just missed me. Tell me what you want and where I find you, bye!"),
        "carrier": ("Sorry, all circuits are busy now. Your call cannot be completed. Please hang up.",),
    }),
    "zh": ("cmn-latn-pinyin", {
        "human": ("喂？", "喂，你好。", "你好。", "喂，哪位？", "您好，请讲。", "喂，喂？"),
        "office": ("您好，蓝天贸易公司，我是小李，请问有什么可以帮您？", "你好，人民医院总机，请问您找谁？"),
        "machine": ("您好，我现在不在家，请在听到提示音以后留言，我会尽快给您回电话。",
                    "你好，这里是王先生的语音信箱，请留下您的姓名和电话号码，谢谢。",
                    "喂，你好，我正在开会，晚一点给你打过去，谢谢，再见。",
                    "对不起，我现在不能接听您的电话，请在嘀声之后留言。"),
        "carrier": ("对不起，您拨打的电话已关机，请稍后再拨。", "对不起，您拨打的号码是空号，请查证后再拨。"),
    }, {
        "human": ("喂，谁啊？", "哎，你好。", "喂，我是张伟。"),
        "office": ("您好，这里是南京饭店前台，很高兴为您服务。",),
        "machine": ("我是刘老师，上课时间不方便接电话，有事请留言，下课以后我再联系您。",),
        "carrier": ("您好，您拨打的用户暂时无法接通，请不要挂断，或者稍后再拨。",),
    }),
    "de": ("de", {
        "human": ("Hallo?", "Ja bitte?", "Müller.", "Ja, hallo?", "Schneider, guten Tag."),
        "office": ("Guten Tag, Autohaus Schmidt, mein Name ist Petra Klein, was kann ich für Sie tun?",),
        "machine": ("Guten Tag, hier ist der Anschluss von Familie Weber. Wir sind nicht da. Bitte sprechen "
                    "Sie nach dem Ton.",
                    "Hallo, ich bin gerade nicht zu Hause, hinterlassen Sie mir bitte eine Nachricht, "
                    "ich rufe zurück."),
        "carrier": ("Kein Anschluss unter dieser Nummer. Bitte rufen Sie die Auskunft an.",),
    }, {
        "human": ("Wer ist da?", "Hallo, Bergmann hier.", "Ja?"),
        "office": ("Praxis Doktor Lehmann, guten Morgen, Sie sprechen mit Frau Vogt.",),
        "machine": ("Dies ist die Mailbox von Karl Huber. Leider bin ich unterwegs. Nachrichten bitte "
                    "nach dem Signalton.",),
        "carrier": ("Der gewünschte Gesprächspartner ist zur Zeit nicht erreichbar. Bitte versuchen Sie es später.",),
    }),
    "fr": ("fr-fr", {
        "human": ("Allô?", "Oui, allô?", "Allô, oui?", "Oui bonjour?"),
        "office": ("Société Dupont, bonjour, Claire à votre service.",),
        "machine": ("Bonjour, vous êtes bien chez Paul et Marie. Nous sommes absents. Laissez un "
                    "message après le bip sonore.",
                    "Je ne suis pas disponible pour le moment, merci de me laisser un message, je vous rappelle."),
        "carrier": ("Le numéro que vous avez demandé n'est pas attribué. Veuillez consulter l'annuaire.",),
    }, {
        "human": ("Allô, c'est qui?", "Oui, j'écoute."),
        "office": ("Cabinet du docteur Martin, bonjour, que puis-je faire pour vous?",),
        "machine": ("Vous êtes sur la messagerie de Luc Bernard. Après le signal, dites-moi tout, et à bientôt.",),
        "carrier": ("Votre correspondant n'est pas joignable actuellement. Veuillez renouveler votre appel.",),
    }),
    "es": ("es", {
        "human": ("¿Diga?", "¿Sí?", "¿Hola?", "¿Bueno?", "Sí, dígame."),
        "office": ("Talleres García, buenos días, le atiende Lucía, ¿en qué puedo ayudarle?",),
        "machine": ("Hola, ahora no puedo atenderte. Deja tu mensaje después de la señal, y te llamaré. Gracias.",
                    "Este es el contestador de la familia Ruiz. No estamos en casa, deje su mensaje."),
        "carrier": ("El número marcado no existe. Por favor, compruebe el número y vuelva a marcar.",),
    }, {
        "human": ("Hola, ¿quién es?", "Dígame."),
        "office": ("Hotel Central, buenas tardes, ¿con quién desea hablar?",),
        "machine": ("Soy Carmen, estoy de viaje hasta el lunes. Cuéntame algo cuando oigas el tono.",),
        "carrier": ("El teléfono al que llama está apagado o fuera de cobertura en este momento.",),
    }),
    "nl": ("nl", {
        "human": ("Hallo?", "Met Jan.", "Ja, hallo?", "Met De Vries."),
        "office": ("Goedemiddag, garage Jansen, u spreekt met Els, waarmee kan ik u helpen?",
                   "Gemeente Delft, goedemorgen."),
        "machine": ("Hallo, wij zijn er even niet. Spreek na de piep een bericht in, dan bellen wij u terug.",
                    "Dit is het antwoordapparaat van Kees. Ik ben aan het werk, probeer het vanavond nog eens."),
        "carrier": ("Dit nummer is niet in gebruik. Controleer het nummer en bel opnieuw.",),
    }, {}),
    "pl": ("pl", {
        "human": ("Halo?", "Słucham?", "Tak, słucham."),
        "office": ("Dzień dobry, hotel Warszawa, recepcja, w czym mogę pomóc?",),
        "machine": ("Dzień dobry, nie mogę teraz odebrać telefonu. Proszę zostawić wiadomość po sygnale. Dziękuję.",
                    "Tu automatyczna sekretarka. Nie ma nas w domu, oddzwonimy wieczorem."),
        "carrier": ("Abonent jest poza zasięgiem lub ma wyłączony telefon.", "Nie ma takiego numeru."),
    }, {}),
    "it": ("it", {}, {
        "human": ("Pronto?", "Sì, pronto?", "Chi parla?"),
        "office": ("Farmacia San Marco, buongiorno, come posso aiutarla?",),
        "machine": ("Ciao, in questo momento non sono in casa. Lasciate un messaggio dopo il segnale "
                    "acustico, vi richiamo.",),
        "carrier": ("Il numero da lei selezionato è inesistente. Si prega di consultare l'elenco.",),
    }),
    "pt": ("pt-br", {}, {
        "human": ("Alô?", "Oi, quem é?", "Pois não?"),
        "office": ("Escritório Oliveira, boa tarde, aqui é a Beatriz.",),
        "machine": ("Você ligou para o Marcos. Agora não posso atender. Deixe seu recado depois do sinal, obrigado.",),
        "carrier": ("O número chamado encontra-se fora de serviço. Verifique e tente novamente.",),
    }),
}
VARIANTS = (("", "+f2", "+f3", "+f5", "+m1", "+m3", "+m5", "+m7", "+Alex", "+Annie", "+Denis"),   # to train on
            ("+f1", "+f4", "+m2", "+m4", "+m6", "+steph", "+Andy", "+linda"))                     # to prove on
