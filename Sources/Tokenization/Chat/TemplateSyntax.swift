/// An expression with its line and how deep it nests.
struct TemplateExpression: Sendable {
  indirect enum Kind: Sendable {
    case literal(TemplateValue)
    case name(String)
    case list([TemplateExpression])
    case tuple([TemplateExpression])
    case dictionary([(key: TemplateExpression, value: TemplateExpression)])
    case attribute(TemplateExpression, String)
    case element(TemplateExpression, TemplateExpression)
    case slice(TemplateExpression, TemplateExpression?, TemplateExpression?, TemplateExpression?)
    case call(TemplateExpression, TemplateArguments)
    case filter(TemplateExpression, String, TemplateArguments)
    case test(TemplateExpression, String, TemplateArguments)
    case negative(TemplateExpression)
    case positive(TemplateExpression)
    case not(TemplateExpression)
    case and(TemplateExpression, TemplateExpression)
    case or(TemplateExpression, TemplateExpression)
    case binary(String, TemplateExpression, TemplateExpression)
    /// The first operand and then each comparison with the operand to its right.
    case comparison(TemplateExpression, [(operation: String, operand: TemplateExpression)])
    case conditional(TemplateExpression, condition: TemplateExpression, otherwise: TemplateExpression?)
  }
  var kind: Kind
  var line: Int
  var depth: Int
}

/// What stands in the parentheses of a call.
struct TemplateArguments: Sendable {
  var positional: [TemplateExpression] = []
  var named: [(name: String, value: TemplateExpression)] = []
}

/// What a value is assigned to.
enum TemplateTarget: Sendable {
  case name(String)
  /// An attribute of a namespace.
  case attribute(String, String)
  case tuple([TemplateTarget])
}

indirect enum TemplateStatement: Sendable {
  case text(String)
  case output(TemplateExpression)
  case condition([(condition: TemplateExpression, body: [TemplateStatement])], otherwise: [TemplateStatement])
  case loop(TemplateLoop)
  case set(TemplateTarget, TemplateExpression, line: Int)
  case setBlock(TemplateTarget, [TemplateStatement], line: Int)
  case macro(TemplateMacro)
  /// A part whose text is that of its body, such as `generation`.
  case group([TemplateStatement])
  case breakLoop
  case continueLoop
}

/// A `for` statement.
struct TemplateLoop: Sendable {
  var target: TemplateTarget
  var sequence: TemplateExpression
  /// Only elements for which this holds are gone through.
  var condition: TemplateExpression?
  var body: [TemplateStatement]
  /// What is done when there are no elements.
  var otherwise: [TemplateStatement]
  var line: Int
}

/// A `macro` statement.
struct TemplateMacro: Sendable {
  var name: String
  var parameters: [(name: String, standard: TemplateExpression?)]
  var body: [TemplateStatement]
  /// Whether further arguments by place are taken, as `varargs`, and by name, as `kwargs`: where the body reads them, and has not
  /// given them itself before.
  let takesPlaces: Bool
  let takesNames: Bool

  init(name: String, parameters: [(name: String, standard: TemplateExpression?)], body: [TemplateStatement]) {
    (self.name, self.parameters, self.body) = (name, parameters, body)
    var names = TemplateNames()
    names.look(at: body)
    let further = names.further.subtracting(parameters.map(\.name))
    takesPlaces = further.contains("varargs")
    takesNames = further.contains("kwargs")
  }
}
