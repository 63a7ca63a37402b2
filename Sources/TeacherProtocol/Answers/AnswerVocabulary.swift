/// The words that stand around a label in a reply, as ``LabelSpelling/key(_:)`` has them.
enum AnswerVocabulary {
  /// What a label is named by, before a colon or as a member of an object, without spaces, dashes and underscores; those
  /// that come first count before the others where an object has several.
  static let labelKeys: [String] = [
    "label", "labels", "标签", "標籤", "ラベル", "мітка", "метка", "étiquette", "etiqueta", "etichetta", "etykieta", "라벨",
    "verdict", "urteil", "вердикт", "veredicto", "verdetto", "判定",
    "answer", "answers", "答案", "回答", "答え", "解答", "відповідь", "ответ", "antwort", "réponse", "respuesta", "risposta",
    "resposta", "odpowiedź", "antwoord", "svar", "cevap", "yanıt", "답", "답변", "정답", "답안",
    "prediction", "classification", "class", "klasse", "classe", "category", "kategorie", "catégorie", "categoría",
    "类别",
    "分类", "カテゴリ", "категорія", "категория", "клас", "класс", "decision", "entscheidung", "décision", "decisión",
    "рішення", "решение", "决定", "決定", "judgement", "judgment", "判断", "判斷", "conclusion", "fazit", "conclusión",
    "conclusione", "висновок", "вывод", "结论", "結論", "결론", "result", "ergebnis", "résultat", "resultado", "результат",
    "结果", "結果", "choice", "selection", "output", "response", "solution", "assessment", "rating", "final", "assistant",
    "therefore", "thus", "hence", "overall", "答",
  ]
  /// The places of the keys in their order, also with "final" or "predicted" in front.
  static let labelKeyRanks: [String: Int] = {
    var ranks: [String: Int] = [:]
    for (rank, key) in labelKeys.enumerated() {
      for name in [key, "final" + key, "predicted" + key] { ranks[name] = ranks[name] ?? rank }
    }
    return ranks
  }()
  /// Keys that name a label where no other one does; beside another one they say something else.
  static let weakLabelKeys = ["sentiment", "stance", "polarity", "score", "grade", "mark"]
  static let labelKeySet = Set(labelKeys + weakLabelKeys)
  /// Keys that say nothing but that an answer follows: what they name is one, even where it is no known label.
  static let firmLabelKeys = Set(labelKeys.prefix { $0 != "prediction" })

  static let rationaleKeys: Set<String> = [
    "rationale", "reason", "reasons", "reasoning", "explanation", "justification", "why", "because", "thought",
    "thoughts",
    "analysis", "comment", "details", "evidence", "argument", "description", "理由", "原因", "解释", "解釋", "説明", "说明", "依据",
    "根拠", "分析", "begründung", "grund", "erklärung", "raison", "explication", "raisonnement", "обґрунтування",
    "пояснення", "причина", "объяснение", "обоснование", "razón", "explicación", "motivo", "spiegazione", "motivazione",
    "explicação", "uzasadnienie", "이유", "설명", "근거",
  ]

  static let confidenceKeys: Set<String> = [
    "confidence", "probability", "certainty", "confidencescore", "置信度", "可信度", "信心", "信頼度", "確信度", "konfidenz",
    "sicherheit", "confiance", "впевненість", "уверенность", "confianza", "신뢰도",
  ]

  /// Words that may stand before a key, or behind it, without changing what it says.
  static let fillers: Set<String> = [
    "here", "is", "here's", "my", "the", "final", "so", "thus", "therefore", "hence", "and", "overall", "correct",
    "best", "right", "logical", "sensible", "suitable", "reasonable", "plausible", "accurate",
    "predicted", "our", "own", "short", "most", "likely", "appropriate", "in", "ist", "lautet", "meine", "mein", "die",
    "das", "der", "endgültige", "also", "est", "la", "le", "ma", "mon", "donc", "finale", "остаточна", "моя", "мій",
    "отже",
    "итоговый", "мой", "итак", "es", "mi", "el", "definitiva", "最终", "最終", "我的", "所以", "因此", "私の",
  ]
  /// The same, written without a space: `最终答案是`.
  static let attachedFillers = ["最终的", "最终", "最終", "我的", "所以", "因此", "私の", "正确"]
  static let attachedEndings = ["是", "为", "為", "は"]

  /// How a sentence goes on behind a label that nothing marks off: "Yes it is", "No the gate is closed". Any other word may
  /// belong to the label: "No evidence", "Urgent care".
  static let sentenceOpeners: Set<String> = [
    "the", "this", "that", "these", "those", "there", "it", "it's", "its", "he", "she", "they", "we", "i", "you",
    "because",
    "since", "as", "but", "while", "although", "though", "however", "based", "according", "given", "both", "here", "in",
    "on", "by", "due", "definitely", "certainly", "indeed", "clearly", "es", "das", "die", "der", "dies", "weil", "da",
    "denn", "il", "elle", "le", "la", "les", "ce", "c'est",
    "cela",
    "parce", "car", "це", "бо", "тому", "оскільки", "на", "это", "потому", "так", "el", "los", "las", "porque", "esto",
  ]

  /// Endings that are spoken with a label and say no more: 是的, はいです, 네요.
  static let particles = [
    "的", "啊", "呢", "呀", "哦", "です", "だ", "である", "ね", "よ", "입니다", "이에요", "예요", "요", "ครับ", "ค่ะ", "คะ",
  ]

  /// Words in ASCII that a key may end in.
  static let keyEndings = labelKeySet.union(fillers)

  /// What joins labels to a list of choices.
  static let conjunctions: Set<String> = [
    "or", "and", "nor", "but", "vs", "versus", "oder", "und", "ou", "et", "o", "y", "або", "чи", "та", "и", "или",
    "lub",
    "eller", "of", "maybe", "perhaps", "possibly", "also", "或", "或者", "和", "还是", "與", "または", "か", "と", "또는",
  ]

  /// What takes a label back: "urgent: no".
  static let negations: Set<String> = [
    "no", "not", "false", "never", "n/a", "nein", "nicht", "falsch", "non", "faux", "ні", "нет", "не", "no.",
    "0",
    "否", "不是", "不", "假", "いいえ", "아니요", "아니오",
  ]

  /// Words of assent before an answer: "Sure! Yes."
  static let interjections: Set<String> = [
    "sure", "certainly", "of course", "okay", "ok", "alright", "great", "well", "hmm", "absolutely", "understood", "好的",
    "当然", "natürlich", "gern", "gerne", "bien sûr", "звичайно", "конечно", "claro",
  ]

  // MARK: - Sentences

  /// What a sentence calls an answer: "the verdict is", without the keys that other sentences begin with as well ("the result
  /// is negative").
  static let sentenceKeys = firmLabelKeys.union([
    "prediction", "classification", "class", "category", "类别", "分类", "decision", "entscheidung", "décision", "decisión",
    "рішення", "решение", "决定", "judgement", "judgment", "判断", "conclusion", "fazit", "结论", "結論", "choice", "option",
    "sentiment", "stance", "polarity",
  ])

  /// What stands between the name of an answer and the answer, one word each.
  static let copulas: Set<String> = ["is", "ist", "lautet", "est", "es", "é", "è", "є"]

  /// How a speaker gives an answer. "I would say that …" gives a statement.
  static let speakers = [
    "i would say", "i'd say", "i say", "i would answer", "i'd answer", "i answer", "i choose", "i would choose",
    "i'd choose", "i pick", "i select", "i go with", "i would go with", "i'd go with", "i'll go with", "ich sage",
    "ich würde sagen", "je dirais",
  ]

  /// What may stand before "the answer is" in one clause, the longer ones behind their beginnings.
  static let opinions = [
    "i think", "i think that", "i believe", "i believe that", "i conclude that", "this means", "this means that",
    "that means", "that means that",
  ]
  static let consequences: Set<String> = ["so", "therefore", "thus", "hence", "but", "however", "actually"]

  /// Words between "the answer is" and the label that only make it stronger, or say that the label is one of a list.
  static let assertions: Set<String> = [
    "definitely", "clearly", "certainly", "obviously", "simply", "therefore", "thus", "hence", "indeed", "then", "a",
    "clear", "definite", "firm", "resounding", "option", "choice", "letter",
  ]

  /// Words that make an answer hold in some case only, or not for sure.
  static let conditions: Set<String> = [
    "if", "unless", "whether", "when", "otherwise", "depending", "depends", "suppose", "supposing", "assume",
    "assuming",
    "imagine", "maybe", "perhaps", "possibly", "probably", "likely", "example", "instance", "wenn", "falls", "sonst",
    "vielleicht", "wahrscheinlich", "si", "sauf", "sinon", "peut", "quizás", "если", "якщо", "возможно", "можливо",
  ]

  /// How a reason begins behind the label of such a sentence.
  static let reasons: Set<String> = [
    "because", "since", "as", "given", "based", "due", "weil", "denn", "da", "car", "parce", "puisque", "porque", "бо",
    "тому", "оскільки", "потому",
  ]

  // MARK: - Denials

  /// What denies a label where it stands alone behind it: "urgent: none".
  static let denials: Set<String> = [
    "none", "nope", "nah", "n", "wrong", "incorrect", "unlikely", "untrue", "inaccurate", "cannot", "can't", "isn't",
    "×", "kein", "keine", "unwahrscheinlich", "inkorrekt", "aucun", "aucune", "pas", "jamais", "incorrecto",
    "nunca",
    "falso", "ninguno", "nessuno", "неверно", "неправильно", "никогда", "ніколи", "хибно", "错误", "不对", "错", "違う",
  ]

  /// Verbs that make a mere possibility of what stands before them.
  static let modals: Set<String> = [
    "would", "wouldn't", "could", "couldn't", "can't", "cannot", "can", "may", "might", "should", "shouldn't", "isn't",
    "wasn't", "doesn't", "must", "mustn't", "won't", "wäre", "könnte", "sollte", "kann", "serait", "n'est", "pourrait",
    "sería", "podría",
  ]

  /// How a condition begins.
  static let conditionals: Set<String> = [
    "if", "unless", "provided", "wenn", "falls", "sofern", "si", "sauf", "если", "якщо", "如果", "除非",
  ]

  /// What denies an object behind it: "I would not answer {…}".
  static let refusingWords: Set<String> = ["not", "never", "nicht", "nie", "pas", "jamais", "nunca", "не", "不", "不是"]

  /// How an answer is taken back.
  static let retractions = [
    "wait", "no wait", "hold on", "scratch that", "strike that", "correction", "i retract", "i take that back",
    "i take it back", "let me correct", "i correct myself", "on second thought", "on second thoughts", "on reflection",
    "oops", "my mistake", "i was wrong", "never mind", "i made a mistake", "moment", "korrektur", "ich korrigiere",
    "attendez", "rectificación", "corrección", "виправлення", "стоп", "исправление", "等等", "等一下", "更正",
  ]

  /// Words before another label that comes in an answer's place.
  static let leads: Set<String> = consequences.union([
    "wait", "actually", "sorry", "hmm", "hm", "well", "in", "conclusion", "to", "conclude", "summary", "overall",
    "finally", "ultimately", "or", "rather", "but", "and", "edit", "update", "final", "i", "mean", "oh", "um", "uh",
    "ok", "okay", "then", "instead", "better", "definitely", "clearly", "no", "yes", "on", "balance", "also", "doch",
    "aber", "oder", "eigentlich", "nein", "donc", "mais", "ou", "enfin", "не", "отже", "але", "насправді", "итак", "но",
    "точнее", "pero", "perdón", "entonces", "不", "其实", "所以", "但", "因此", "いや",
  ])

  /// What calls an answer an example.
  static let examples: Set<String> = [
    "example", "instance", "beispiel", "beispielsweise", "exemple", "ejemplo", "esempio", "приклад", "наприклад",
    "пример", "например", "例如", "例",
  ]
}
