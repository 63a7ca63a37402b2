// Whoever runs a method names its configuration, its results and its trainings: they come with it.
@_exported public import ConfigurationFiles
@_exported public import DistillationConfiguration
@_exported public import Evaluation
@_exported public import Reporting
@_exported public import TextStudents
@_exported public import Training
@_exported public import TwoStage
