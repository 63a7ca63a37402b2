#if Run
  public import Annotations
  public import ArgumentParser
  public import Distillation
  public import Layers

  // Read from the command line by the names that configurations use.
  extension RunStep: ExpressibleByArgument {}
  extension DistillationMethod: ExpressibleByArgument {}
  extension AnnotationFormat: ExpressibleByArgument {}
  extension TeacherCalibrations.Method: ExpressibleByArgument {}
  extension FrozenPrecision: ExpressibleByArgument {}
#endif
