"""What persons and machines say when a call is answered, and what is read aloud, to be spoken for measuring.

None of these sentences is in tests/dsp/corpus_texts.py, from which the verdict's model is trained.
"""

PERSONS = {
    "en": ("Hello, who is it?", "Yes, this is Robert.", "Hi.", "Good morning, Linda here.", "Hello? Can you hear me?",
           "Evans, good afternoon."),
    "zh": ("喂，你找谁？", "你好，请问是哪位？", "喂，听得见吗？", "哎，喂。", "您好，我是陈丽。"),
    "de": ("Hallo, wer spricht?", "Becker, hallo.", "Ja, guten Morgen."),
    "fr": ("Allô, bonjour.", "Oui, qui est à l'appareil?", "Bonjour, Sophie."),
    "es": ("Sí, ¿quién habla?", "Hola, buenas.", "Dígame, soy Andrés."),
    "it": ("Sì?", "Pronto, buongiorno.", "Pronto, sono Giulia."),
}
MACHINES = {
    "en": ("Hello, this is the Turner residence. We are out at the moment, but if you leave a message we will return "
           "your call as soon as we are back.",
           "Your call has been forwarded to an automatic voice message system. At the tone, please record your "
           "message.",
           "Hi, Kate here, well, not really. Say something nice after the tone and I may even ring you back."),
    "zh": ("您好，这里是赵先生家，我们暂时外出，请您在提示音之后留下口信，我们回来以后会马上和您联系。",
           "您好，您的来电已转接到语音信箱，听到嘀的一声以后请开始留言，挂机结束。"),
    "de": ("Sie sind verbunden mit dem Anrufbeantworter der Familie Krause. Hinterlassen Sie nach dem Piepton Ihren "
           "Namen und Ihre Telefonnummer.",),
    "fr": ("Vous avez composé le numéro de la famille Moreau. Nous sommes sortis, mais parlez après le signal sonore "
           "et nous vous rappellerons dès ce soir.",),
    "es": ("Has llamado a casa de los Romero. En este momento hemos salido, pero puedes dejar un recado cuando suene "
           "el pitido y te llamaremos enseguida.",),
    "it": ("Risponde la segreteria telefonica di casa Ferrari. Siamo fuori, ma dopo il bip potete lasciare nome e "
           "numero, grazie della chiamata.",),
}
READINGS = {
    "en": "The noise of the blue lagoon rose and fell while nobody knew whether to stay or go. We are all in a row, "
          "you know, moving to and fro. One, two, three, four; who, you, do, through, threw. She sells sea shells, he "
          "heard. Alarm bells ring in the warehouse, engineers argue about loudspeakers, and an owl hoots over the "
          "moor.",
    "zh": "春眠不觉晓，处处闻啼鸟，夜来风雨声，花落知多少。我们公司的电话号码是六六八八九九零零，请您记录一下。"
          "哦，那么我们明天上午九点钟在火车站门口见面，一起去游泳，好不好？呜呜呜，哇哇哇，咿咿呀呀，噢噢噢。",
    "de": "Über den Wolken muss die Freiheit wohl grenzenlos sein, so sangen wir zu zweit im Zug nach Ulm. Kühe muhen, "
          "Eulen rufen, du und du und du, ohne Ruh. Fünf, sechs, sieben, und noch einmal von vorn.",
    "fr": "Où êtes-vous, mon amour, sous la pluie, au bout de la rue? Onze heures et demie, deux ou trois, peu "
          "importe. Une lune bleue luit au loin, et nous, nous dansons toujours, tous les jours.",
    "es": "Uno, dos, tres, y la luna sube sobre el mundo mudo. Nosotros somos los otros, decía mi abuela, y se reía. "
          "Guarda el número nuevo en la agenda, por favor, y llama al mediodía.",
    "it": "Una luna lontana illumina il molo, e un lupo ulula nella notte. Uno, due, tre, quattro, noi andiamo in "
          "Austria in autunno. Buonanotte a tutti, e a domani mattina, alle otto in punto.",
}
