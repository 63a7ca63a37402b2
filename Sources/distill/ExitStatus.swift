internal import Wording

#if Run
  import Annotations
  import ArgumentParser
  import Distillation
  import Foundation
  import HTTPTeacher
  import LoopbackServer
  import SQLiteStore
  #if PostgreSQL
    import PostgreSQLStore
  #endif
  import Layers
  import TeacherProtocol
  import Tensor

  /// How the command ends, by its exit code. Signals have the shell's own codes: 130 after control-C, 143 after SIGTERM.
  enum ExitStatus: Int32 {
    /// Done.
    case done = 0
    /// A fault of the program, the machine, or a service.
    case fault
    /// A mistake of the person: in the command line, the configuration, the data, a model's folder.
    case mistake
    /// People are to label conflicts first.
    case waiting
    /// What may be spent is spent.
    case budget

    /// The status with which an error ends the command.
    init(of error: any Error) {
      self =
        switch error {
        case is BudgetExhausted, RunError.budgetUsedUp: .budget
        case RunError.waitingForLabels, RunError.waitingForReview: .waiting
        case RunError.silentTeacher, RunError.missingReplies, is TeacherUnavailable, is SQLiteError,
          is LoopbackServerError, is Output.Fault,
          CheckingError.unwritable, RunFileError.unwritable, Tensor.SafetensorsError.unwritable,
          Tensor.SafetensorsError.outOfMemory,
          WeightsError.unwritable,
          TrainingError.unusableCheckpoint:
          .fault
        case let error as HTTPTeacherError: error.isMistake ? .mistake : .fault
        case let error as AnnotationsError: error.isMistake ? .mistake : .fault
        case is ValidationError, is DecodingError: .mistake
        default: Self.status(ofOther: error)
        }
    }

    /// Errors of this package that are no fault of the machine are about what they were given; of the system's, what is not
    /// there was misspelt.
    private static func status(ofOther error: any Error) -> ExitStatus {
      #if PostgreSQL
        if let error = error as? PostgreSQLError { return error.isMistake ? .mistake : .fault }
      #endif
      let type = String(reflecting: type(of: error))
      guard type.hasPrefix("Foundation") || type.hasPrefix("__C.") else {
        return error as Any is any CustomStringConvertible ? .mistake : .fault
      }
      let error = error as NSError
      let missing = [CocoaError.Code.fileNoSuchFile.rawValue, CocoaError.Code.fileReadNoSuchFile.rawValue]
      return error.domain == NSCocoaErrorDomain && missing.contains(error.code) ? .mistake : .fault
    }
  }

  extension HTTPTeacherError {
    fileprivate var isMistake: Bool {
      switch self {
      case .noKey, .noKeyFile, .badImage, .badBatchLine: true
      default: false
      }
    }
  }

  extension AnnotationsError {
    fileprivate var isMistake: Bool {
      switch self {
      case .badRow, .teacherTwice, .newerStore: true
      default: false
      }
    }
  }
#endif
