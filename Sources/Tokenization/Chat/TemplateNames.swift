/// Collects the names of variables in a template.
struct TemplateNames {
  private(set) var read: Set<String> = []
  private(set) var given: Set<String> = []
  /// Of `varargs` and `kwargs` those that are read before the template gives them itself, in the order in which it is written.
  /// A macro takes further arguments for them.
  private(set) var further: Set<String> = []
  private var notGiven: Set<String> = ["varargs", "kwargs"]

  mutating func look(at body: [TemplateStatement]) {
    for statement in body {
      switch statement {
      case .text, .breakLoop, .continueLoop: break
      case .output(let expression): look(at: expression)
      case .condition(let branches, let otherwise):
        for branch in branches {
          look(at: branch.condition)
          look(at: branch.body)
        }
        look(at: otherwise)
      case .loop(let loop):
        note(loop.target)
        look(at: loop.sequence)
        look(at: loop.body)
        look(at: loop.otherwise)
        if let condition = loop.condition { look(at: condition) }
      case .set(let target, let expression, _):
        note(target)
        look(at: expression)
      case .setBlock(let target, let body, _):
        note(target)
        look(at: body)
      case .macro(let macro):
        given.insert(macro.name)
        if macro.takesPlaces { given.insert("varargs") }
        if macro.takesNames { given.insert("kwargs") }
        for parameter in macro.parameters { note(.name(parameter.name)) }
        for parameter in macro.parameters {
          if let standard = parameter.standard { look(at: standard) }
        }
        look(at: macro.body)
      case .group(let body): look(at: body)
      }
    }
  }

  private mutating func note(_ target: TemplateTarget) {
    switch target {
    case .name(let name):
      given.insert(name)
      notGiven.remove(name)
    case .attribute(let name, _): read.insert(name)
    case .tuple(let targets): for target in targets { note(target) }
    }
  }

  private mutating func look(at expression: TemplateExpression) {
    switch expression.kind {
    case .literal: break
    case .name(let name):
      read.insert(name)
      if notGiven.contains(name) { further.insert(name) }
    case .list(let parts), .tuple(let parts): for part in parts { look(at: part) }
    case .dictionary(let entries):
      for entry in entries {
        look(at: entry.key)
        look(at: entry.value)
      }
    case .attribute(let object, _): look(at: object)
    case .element(let object, let index):
      look(at: object)
      look(at: index)
    case .slice(let object, let start, let stop, let step):
      for part in [object, start, stop, step].compactMap(\.self) { look(at: part) }
    case .call(let function, let arguments):
      look(at: function)
      look(at: arguments)
    case .filter(let input, _, let arguments), .test(let input, _, let arguments):
      look(at: input)
      look(at: arguments)
    case .negative(let operand), .positive(let operand), .not(let operand): look(at: operand)
    case .and(let left, let right), .or(let left, let right), .binary(_, let left, let right):
      look(at: left)
      look(at: right)
    case .comparison(let first, let rest):
      look(at: first)
      for part in rest { look(at: part.operand) }
    case .conditional(let result, let condition, let otherwise):
      for part in [result, condition, otherwise].compactMap(\.self) { look(at: part) }
    }
  }

  private mutating func look(at arguments: TemplateArguments) {
    for argument in arguments.positional { look(at: argument) }
    for argument in arguments.named { look(at: argument.value) }
  }
}
