#if Run
  import Annotations
  public import ArgumentParser
  import Distillation
  import Layers

  // Read from the command line by the names that configurations use.
  extension RunStep: ExpressibleByArgument {}
  extension DistillationMethod: ExpressibleByArgument {}
  extension AnnotationFormat: ExpressibleByArgument {}
  extension TeacherCalibrations.Method: ExpressibleByArgument {}
  extension WeightFormat: ExpressibleByArgument {}
#endif
