"""Verdicts of lm-evaluation-harness on instructions and replies: golden cases of InstructionGoldenTest.

    pip install nltk==3.10.4 langdetect==1.0.9 immutabledict packaging
    pip download --no-deps lm-eval==0.4.13 && unzip lm_eval-0.4.13-*.whl -d harness
    python script/golden/lm_eval_ifeval.py harness NLTK_DATA > oracles/ifeval/instructions.json

NLTK_DATA is a folder with nltk's tokenizers/punkt_tab/english. The harness's own modules run as they are. Instructions have
the arguments that google/IFEval has; the replies are written and composed here with a fixed seed. Replies whose language
langdetect finds differently with other seeds are left out of the cases that ask for a language.
"""

import itertools
import json
import logging
import random
import sys
import types

harness, data = sys.argv[1:]
logging.disable(logging.CRITICAL)
import nltk

nltk.data.path[:] = [data]
sys.path.insert(0, harness)
# The package's __init__ wants torch; only the task's own modules are run.
for name in ("lm_eval", "lm_eval.tasks", "lm_eval.tasks.ifeval"):
    module = types.ModuleType(name)
    module.__path__ = [harness + "/" + name.replace(".", "/")]
    sys.modules[name] = module
from langdetect import DetectorFactory, LangDetectException, detect
from lm_eval.tasks.ifeval import instructions_util, utils

DetectorFactory.seed = 0
draw = random.Random(19)

SENTENCES = """
The cat sat on the warm stone and watched the river.
Dr. Lena Moss moved to St. Ives in 1987.
Is this the right way to the station?
We paid $4.50 for two coffees, i.e. less than before!
Mr. and Mrs. Hale live at 12 Oak Ave. near the old mill.
No. 7 is the one you want.
He left at 5 p.m. and came back at noon.
The U.S. team won the match. It was close.
Wait... what did she say?
She said "I will be late." and closed the door.
"Why not?" he asked.
It costs approx. 3.14 euros per kilo, e.g. for apples, pears etc. and more.
J. R. Smith wrote it in Jan. 1920.
A farmer, a baker and a miller met at the fair.
I can't believe it's not over yet; they're still waiting.
Visit example.com or write to me.
NASA and ESA built the probe together.
The trial ended (as expected) without a verdict.
HELLO WORLD, THIS IS LOUD!
First, heat the oil. Second, add the onions. Third, stir.
The book -- a gift from my mother -- was lost.
My dog can ride a bike and my friends can sing.
We met Prof. Adams vs. the whole committee.
The answer is no. The question was silly.
Energy, water and land: these three matter for the climate.
Yes!! It works!!! Really?!
He works at Acme Corp. in New York.
Peace is a story we tell our kids.
The population grew by 3.5 percent. 1999 was a good year.
What a day this was
""".strip().split("\n")

WORDS = "river station energy brand peace story friends the can cat war forest law money".split()

TEXTS = {
    "de": "Alle Menschen sind frei und gleich an Würde und Rechten geboren. Heute Abend gehen wir mit den Kindern ins Kino und essen danach ein Eis.",
    "fr": "Tous les êtres humains naissent libres et égaux en dignité et en droits. Ce soir nous allons au cinéma avec les enfants, puis nous mangeons une glace.",
    "es": "Todos los seres humanos nacen libres e iguales en dignidad y derechos. Esta noche vamos al cine con los niños y después comemos un helado.",
    "it": "Tutti gli esseri umani nascono liberi ed eguali in dignità e diritti. Stasera andiamo al cinema con i bambini e poi mangiamo un gelato.",
    "pt": "Todos os seres humanos nascem livres e iguais em dignidade e em direitos. Hoje à noite vamos ao cinema com as crianças e depois comemos um gelado.",
    "ru": "Все люди рождаются свободными и равными в своем достоинстве и правах. Сегодня вечером мы пойдем с детьми в кино, а потом поедим мороженое.",
    "bg": "Всички хора се раждат свободни и равни по достойнство и права. Тази вечер ще отидем с децата на кино, а после ще ядем сладолед.",
    "uk": "Всі люди народжуються вільними і рівними у своїй гідності та правах. Сьогодні ввечері ми підемо з дітьми в кіно, а потім їстимемо морозиво.",
    "pl": "Wszyscy ludzie rodzą się wolni i równi pod względem swej godności i swych praw. Dziś wieczorem idziemy z dziećmi do kina, a potem zjemy lody.",
    "fi": "Kaikki ihmiset syntyvät vapaina ja tasavertaisina arvoltaan ja oikeuksiltaan. Tänä iltana menemme lasten kanssa elokuviin ja syömme sitten jäätelöä.",
    "sw": "Watu wote wamezaliwa huru, hadhi na haki zao ni sawa. Leo jioni tutakwenda kutazama filamu pamoja na watoto, kisha tutakula chakula kizuri.",
    "vi": "Tất cả mọi người sinh ra đều được tự do và bình đẳng về nhân phẩm và quyền. Tối nay chúng tôi đi xem phim với các con rồi ăn kem.",
    "ar": "يولد جميع الناس أحرارا متساوين في الكرامة والحقوق. سنذهب هذا المساء مع الأطفال إلى السينما ثم نأكل المثلجات.",
    "fa": "تمام افراد بشر آزاد به دنیا می‌آیند و از لحاظ حیثیت و حقوق با هم برابرند. امشب با بچه‌ها به سینما می‌رویم و بعد بستنی می‌خوریم.",
    "ur": "تمام انسان آزاد اور حقوق و عزت کے اعتبار سے برابر پیدا ہوئے ہیں۔ آج شام ہم بچوں کے ساتھ فلم دیکھنے جائیں گے اور پھر کھانا کھائیں گے۔",
    "he": "כל בני האדם נולדו בני חורין ושווים בערכם ובזכויותיהם. הערב נלך עם הילדים לקולנוע ואחר כך נאכל גלידה.",
    "hi": "सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतंत्रता और समानता प्राप्त है। आज शाम हम बच्चों के साथ फिल्म देखने जाएंगे और फिर खाना खाएंगे।",
    "mr": "सर्व मानवी व्यक्ती जन्मतः स्वतंत्र आहेत व त्यांना समान प्रतिष्ठा व समान अधिकार आहेत. आज संध्याकाळी आम्ही मुलांबरोबर चित्रपट पाहायला जाणार आहोत.",
    "ne": "सबै व्यक्तिहरू जन्मजात स्वतन्त्र हुन् र तिनीहरूको समान अधिकार र महत्व छ। आज साँझ हामी बच्चाहरूसँग चलचित्र हेर्न जान्छौं र पछि खाना खान्छौं।",
    "bn": "সমস্ত মানুষ স্বাধীনভাবে সমান মর্যাদা এবং অধিকার নিয়ে জন্মগ্রহণ করে। আজ সন্ধ্যায় আমরা বাচ্চাদের সাথে সিনেমা দেখতে যাব।",
    "gu": "બધા મનુષ્યો ગૌરવ અને અધિકારોની બાબતમાં જન્મથી સ્વતંત્ર અને સમાન છે. આજે સાંજે અમે બાળકો સાથે ફિલ્મ જોવા જઈશું.",
    "pa": "ਸਾਰਾ ਮਨੁੱਖੀ ਪਰਿਵਾਰ ਆਪਣੀ ਮਹਿਮਾ, ਸ਼ਾਨ ਅਤੇ ਹੱਕਾਂ ਦੇ ਪੱਖੋਂ ਜਨਮ ਤੋਂ ਹੀ ਆਜ਼ਾਦ ਹੈ। ਅੱਜ ਸ਼ਾਮ ਅਸੀਂ ਬੱਚਿਆਂ ਨਾਲ ਫ਼ਿਲਮ ਦੇਖਣ ਜਾਵਾਂਗੇ।",
    "ta": "மனிதப் பிறவியினர் சகலரும் சுதந்திரமாகவே பிறக்கின்றனர்; அவர்கள் மதிப்பிலும் உரிமைகளிலும் சமமானவர்கள். இன்று மாலை நாங்கள் குழந்தைகளுடன் திரைப்படம் பார்க்கப் போகிறோம்.",
    "te": "ప్రతిపత్తి స్వత్వముల విషయమున మానవులెల్లరును జన్మతః స్వతంత్రులును సమానులును నగుదురు. ఈ సాయంత్రం మేము పిల్లలతో సినిమాకి వెళ్తాము.",
    "kn": "ಎಲ್ಲಾ ಮಾನವರೂ ಸ್ವತಂತ್ರರಾಗಿಯೇ ಹುಟ್ಟಿದ್ದಾರೆ ಹಾಗೂ ಘನತೆ ಮತ್ತು ಹಕ್ಕುಗಳಲ್ಲಿ ಸಮಾನರಾಗಿದ್ದಾರೆ. ಇಂದು ಸಂಜೆ ನಾವು ಮಕ್ಕಳೊಂದಿಗೆ ಚಲನಚಿತ್ರ ನೋಡಲು ಹೋಗುತ್ತೇವೆ.",
    "ml": "മനുഷ്യരെല്ലാവരും തുല്യാവകാശങ്ങളോടും അന്തസ്സോടും സ്വാതന്ത്ര്യത്തോടുംകൂടി ജനിച്ചിട്ടുള്ളവരാണ്. ഇന്ന് വൈകുന്നേരം ഞങ്ങൾ കുട്ടികളോടൊപ്പം സിനിമ കാണാൻ പോകും.",
    "th": "มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิ เย็นนี้เราจะไปดูหนังกับเด็ก ๆ แล้วกินไอศกรีม",
    "ko": "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다. 오늘 저녁에 우리는 아이들과 함께 영화를 보러 갈 것입니다.",
    "ja": "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。今夜は子供たちと映画を見に行きます。",
    "zh-cn": "人人生而自由，在尊严和权利上一律平等。今天晚上我们和孩子们去看电影，然后吃冰淇淋。",
    "en": "All human beings are born free and equal in dignity and rights. Tonight we go to the cinema with the children and eat ice cream afterwards.",
}


def prose(count):
    return " ".join(draw.choice(SENTENCES) for _ in range(count))


def bullets():
    mark = draw.choice(["* ", "- ", "  * ", "*  ", "-", "*", "** ", "+ "])
    return "\n".join(mark + draw.choice(SENTENCES) for _ in range(draw.randrange(1, 7)))


def sections():
    name = draw.choice(["Section", "Section", "SECTION", "Day", "section"])
    space = draw.choice([" ", "", "  "])
    return "\n\n".join(name + space + str(i + 1) + "\n" + prose(1) for i in range(draw.randrange(1, 8)))


def marked():
    star = draw.choice(["*", "**", "***", "_"])
    return " ".join(
        draw.choice(["", star]) + " ".join(draw.choices(WORDS, k=2)) + draw.choice(["", star, star + " "])
        for _ in range(draw.randrange(1, 9)))


def placeholders():
    return "Dear [name], meet me at [place" + draw.choice(["]", ""]) + draw.choice([" on [date]", " [a [b] c]", "[]", "", "[x\ny]"]) + "."


def divided():
    rule = draw.choice(["***", " *** ", "\n***\n", "\n\n***\n\n", "****", "******", "\n******\n", "* * *"])
    parts = [draw.choice([prose(1), prose(1), draw.choice(SENTENCES), "", " ", "same text"]) for _ in range(draw.randrange(1, 6))]
    return rule.join(parts)


def jsons():
    body = draw.choice([
        '{"a": 1}', "{'a': 1}", '{"a": [1, 2, {"b": null}], "c": "x\\ny"}', "[1, 2,]", '"text"', "12.5e3", "01", "NaN", "-Infinity", "", "nul",
        '{"a": 1} {"b": 2}', '{"a": "tab\tinside"}', '{"a": 1, "a": 2}', '{"\\ud800": true}', "[[[[]]]]", "// no\n{}", "{}", "INF", '{"a": .5}', "1.", "-",
    ])
    return draw.choice(["", "```json\n", "```", "```JSON\n", "```Json ", "Here:\n", "  "]) + body + draw.choice(["", "\n```", "```", "\n", " ok"])


def titled():
    return draw.choice(["<<poem of joy>>", "<< >>", "<<a>> and <<b>>", "<title>", "<<split\nline>>", "<<<x>>>", "<<>>", "<<a", "<>>>b<<", "<<1>>"]) + "\n" + prose(1)


def quoted():
    open_, close = draw.choice(['""', '""', "''", "“”", '" ', ' "'])
    return draw.choice(["", " ", "\n"]) + open_ + prose(1) + close + draw.choice(["", " ", "\n", "."])


def postscript():
    return prose(1) + draw.choice(["\n\n", " "]) + draw.choice(["P.S. call me", "P. S. call me", "P.P.S call", "P.P.S. call", "P. P. S call", "PS: no", "p.s.", "p.p. s", "P.S no dot"])


def ending():
    return prose(1) + " " + draw.choice(["Is there anything else I can help with?", "Peace!", "peace! ", 'Peace!"', "Peace! Bye.", "That is all you need!", "Any other questions?"])


def cased():
    text = draw.choice([TEXTS["en"], TEXTS["de"], "ok", "12345", "", prose(2), "The NASA report is out"])
    return draw.choice([str.upper, str.lower, str.swapcase, lambda one: one])(text)


def loud():
    return " ".join(
        draw.choice([str.upper, str.lower, str.title])(word)
        for word in (prose(1) + " don't can't IT'S U.S.A. A-B well-KNOWN (NATO) \"EU\" 3D X... gonna cannot").split())


def repeated():
    return draw.choice(["", " ", "\n", "Sure. ", '"']) + draw.choice([
        "Write a poem about a cat.", "WRITE A POEM ABOUT A CAT.", "Write a poem about a cat", "Name two rivers in India."]) + " " + prose(1)


def paragraphs():
    parts = [draw.choice(["", " ", "'", '"', "(", "\n"]) + draw.choice(["President", "summary,", "It's", "Elm", "SEND"])
             + draw.choice([" ", ". ", "! "]) + prose(1) for _ in range(draw.randrange(1, 5))]
    return draw.choice(["\n\n", "\n\n", "\n\n", "\n \n", "\n\n\n", "\n"]).join(parts) + draw.choice(["", "\n\n"])


def foreign():
    text = TEXTS[draw.choice(list(TEXTS))]
    words = text.split()
    return draw.choice([text, text, " ".join(words[: len(words) // 2]), text + "\n\n" + text, "**" + text + "**", text.upper(), "Sure, here it is:\n" + text,
                        text + "\nhttps://example.com/a?b=1 me@example.com", "1. " + text])


def keywords():
    return " ".join(draw.choice([str.upper, str.lower, str.title])(draw.choice(WORDS + SENTENCES)) for _ in range(draw.randrange(1, 30)))


def counted():
    return prose(draw.choice([1, 2, 3, 5, 8, 13, 20]))


RELATIONS = ("less than", "at least")


def comparison(**values):
    """All arguments, each with a relation."""
    name = values.pop("relation_name", "relation")
    keys = list(values)
    return [dict(zip(keys, combination), **{name: relation})
            for combination in itertools.product(*values.values()) for relation in RELATIONS]


KINDS = {
    "keywords:existence": (keywords, [{"keywords": list(one)} for one in (["cat"], ["river", "station"], ["the", "law", "war"], ["Energy"], ["brand", "stone"])]),
    "keywords:frequency": (keywords, comparison(keyword=["the", "war", "story", " peace "], frequency=[1, 2, 5])),
    "keywords:forbidden_words": (keywords, [{"forbidden_words": one} for one in (["cat"], ["can", "ride"], ["law", "forest", "station"], ["friend"], ["die"])]),
    "keywords:letter_frequency": (counted, comparison(letter=["a", "Q", "z", "i"], let_frequency=[1, 7, 40], relation_name="let_relation")),
    "language:response_language": (foreign, [{"language": one} for one in TEXTS if one not in ("zh-cn", "en")]),
    "length_constraints:number_sentences": (counted, comparison(num_sentences=[1, 2, 3, 4, 5, 6, 10, 16, 20, 30])),
    "length_constraints:number_paragraphs": (divided, [{"num_paragraphs": one} for one in range(1, 6)]),
    "length_constraints:number_words": (counted, comparison(num_words=[8, 20, 31, 50, 100])),
    "length_constraints:nth_paragraph_first_word": (
        paragraphs, [{"num_paragraphs": count, "nth_paragraph": nth, "first_word": word}
                     for count, nth, word in ((1, 1, "president"), (2, 1, "summary"), (3, 2, "it"), (4, 4, "Elm"), (2, 2, "send"), (3, 1, "elm"))]),
    "detectable_content:number_placeholders": (placeholders, [{"num_placeholders": one} for one in (1, 2, 3)]),
    "detectable_content:postscript": (postscript, [{"postscript_marker": one} for one in ("P.S.", "P.P.S", " P.S. ")]),
    "detectable_format:number_bullet_lists": (bullets, [{"num_bullets": one} for one in range(1, 7)]),
    "detectable_format:constrained_response": (
        lambda: draw.choice(["My answer is yes.", " my answer is no.", "I think: My answer is maybe. Sorry.", "My answer is no", prose(1), "My answer is *yes*."]), [{}]),
    "detectable_format:number_highlighted_sections": (marked, [{"num_highlights": one} for one in (1, 2, 3, 5, 8)]),
    "detectable_format:multiple_sections": (
        sections, [{"section_spliter": name, "num_sections": count}
                   for name, count in (("Section", 2), ("SECTION", 3), ("Day", 4), (" Section ", 5), ("Section", 3))]),
    "detectable_format:json_format": (jsons, [{}]),
    "detectable_format:title": (titled, [{}]),
    "combination:two_responses": (divided, [{}]),
    "combination:repeat_prompt": (repeated, [{"prompt_to_repeat": one} for one in ("Write a poem about a cat.", " Name two rivers in India. ")]),
    "startend:end_checker": (ending, [{"end_phrase": one} for one in ("Is there anything else I can help with?", "Peace!", " That is all you need! ")]),
    "startend:quotation": (quoted, [{}]),
    "change_case:capital_word_frequency": (loud, comparison(capital_frequency=[1, 3, 6, 10, 20], relation_name="capital_relation")),
    "change_case:english_capital": (cased, [{}]),
    "change_case:english_lowercase": (cased, [{}]),
    "punctuation:no_comma": (lambda: prose(draw.randrange(1, 4)), [{}]),
}
PER_KIND = 220


def wrapped(text):
    """What only the loose check forgives, sometimes."""
    return draw.choice([text] * 6 + ["Sure, here it is:\n" + text, text + "\nHope this helps, bye.", "Sure:\n" + text + "\nBye.", "**" + text + "**", "", " \n "])


def stable(reply):
    """Whether langdetect says the same of every text that is looked at, whatever its seed."""
    lines = reply.split("\n")
    cuts = [reply, "\n".join(lines[1:]).strip(), "\n".join(lines[:-1]).strip(), "\n".join(lines[1:-1]).strip()]
    for text in cuts + [one.replace("*", "") for one in cuts]:
        found = set()
        for seed in range(6):
            DetectorFactory.seed = seed
            try:
                found.add(detect(text))
            except LangDetectException:
                found.add("")
        DetectorFactory.seed = 0
        if len(found) > 1:
            return False
    return True


def verdicts(kind, arguments, reply):
    example = utils.InputExample(0, [kind], "", [arguments])
    return [int(check(example, reply).follow_all_instructions)
            for check in (utils.test_instruction_following_strict, utils.test_instruction_following_loose)]


LANGUAGE_KINDS = ("language:response_language", "change_case:english_capital", "change_case:english_lowercase")
cases = []
left_out = 0
for kind, (write, choices) in KINDS.items():
    for i in range(PER_KIND):
        reply = wrapped(write())
        if kind in LANGUAGE_KINDS and not stable(reply):
            left_out += 1
            continue
        if kind == "language:response_language" and draw.random() < 0.6:
            try:
                arguments = {"language": detect(reply)}
            except LangDetectException:
                arguments = {"language": "de"}
            # en and zh-cn are not among the harness's languages.
            arguments = arguments if arguments in choices else draw.choice(choices)
        else:
            arguments = choices[i % len(choices)]
        cases.append([kind, arguments, reply] + verdicts(kind, arguments, reply))

texts = list(SENTENCES) + [prose(draw.randrange(2, 6)) for _ in range(300)] + [loud() for _ in range(100)] + [bullets() for _ in range(40)]
result = {
    "lm_eval": "0.4.13", "nltk": nltk.__version__, "langdetect": "1.0.9", "left_out_unstable_language": left_out,
    "cases": cases,
    "tokens": [[text, nltk.tokenize.NLTKWordTokenizer().tokenize(text)] for text in texts[:200]],
    "sentences": [[text, instructions_util.count_sentences(text)] for text in texts],
    "languages": [],
}
for text in TEXTS.values():
    for cut in (text, text[: len(text) // 2], text[len(text) // 2:], text[:24], text.upper()):
        if stable(cut):
            result["languages"].append([cut, detect(cut)])
print(json.dumps(result, ensure_ascii=False, indent=0))
