#if Run
  import ConfigurationFiles
  import DistillationConfiguration
  import TeacherProtocol
  import Testing

  /// What does not suit a base that compares, or pre-training that tells captions apart.
  @Suite struct MatcherDemandsTests {
    /// A run whose base compares, after a change.
    private func run(_ change: (inout RunConfiguration) -> Void) -> RunConfiguration {
      var run = ConfigurationFixture.built
      var fresh = FreshStudentConfiguration()
      fresh.matcher = MatcherConfiguration(textModel: "mini")
      (run.student.model, run.student.fresh) = (nil, fresh)
      var pretrain = PretrainConfiguration(captions: "captions.jsonl")
      pretrain.objective = [.contrastive]
      run.pretrain = pretrain
      run.data.fields.image = ["image"]
      run.labels = [.init(name: "fits", answer: "No"), .init(name: "differs", answer: "Yes")]
      run.positive = "differs"
      change(&run)
      return run
    }

    /// What its configuration is refused for wherever it is read.
    private func unreadable(_ change: (inout RunConfiguration) -> Void) -> [String] {
      ConfigurationFixture.problems { $0 = run(change) }
    }

    /// What it is refused for where it begins.
    private func problems(_ change: (inout RunConfiguration) -> Void) -> [String] {
      var problems: [String] = []
      run(change).demandsOfPretraining { holds, key, _, expected, found in
        if !holds { problems.append("\(key): expected \(expected), found \(found)") }
      }
      return problems
    }

    @Test func `settings of a base that writes are refused where it compares`() {
      #expect(problems { _ in }.isEmpty)
      #expect(
        problems { $0.student.precision = .int8 }
          == ["student.precision: expected float32, in which a matcher's small tower is kept, found the text 'int8'"])
      #expect(
        problems { $0.student.gradientCheckpointing = true } == [
          "student.gradient_checkpointing: expected false, since a matcher has no decoder whose activations could be computed "
            + "again, found true"
        ])
      #expect(
        problems { $0.student.thinking = false }
          == ["student.thinking: expected nothing, since a matcher reads no chat template, found false"])
      let two = unreadable { $0.data.fields.image = ["one", "other"] }
      #expect(two.first?.hasSuffix("with one photo, found 2") == true)
    }

    @Test func `runs that have such settings and are finished are still read`() {
      #expect(unreadable { $0.student.precision = .int8 } == [])
      #expect(unreadable { $0.student.gradientCheckpointing = true } == [])
      #expect(unreadable { $0.student.thinking = false } == [])
      #expect(unreadable { $0.pretrain?.imageShift = 64 } == [])
      #expect(unreadable { $0.pretrain?.training.batch = 1 } == [])
      let writes = unreadable {
        $0.student.fresh?.matcher = nil
        $0.pretrain?.imageShift = 4
      }
      #expect(writes == [])
    }

    @Test func `a photo is not shifted out of its frame, nor where nothing shifts it`() {
      #expect(problems { run in run.pretrain?.imageShift = 63 } == [])
      #expect(
        problems { $0.pretrain?.imageShift = 64 } == [
          "pretrain.image_shift: expected less than image_size = 64, or nothing of the photo but its border is left, found the "
            + "number 64"
        ])
      let writes = problems {
        $0.student.fresh?.matcher = nil
        $0.pretrain?.imageShift = 4
      }
      #expect(
        writes == [
          "pretrain.image_shift: expected 0, since a base that writes sees each photo as it is; student.fresh.matcher shifts "
            + "them, found the number 4"
        ])
    }

    @Test func `a part of an update holds two captions, or none is told from another`() {
      let alone = problems { $0.pretrain?.training.batch = 1 }
      #expect(
        alone == [
          "pretrain.batch: expected at least 4, two captions for each of 2 parts (parts: 1 takes the batch as one), since "
            + "objective has contrastive, which holds the captions of a part against each other, found the number 1"
        ])
      #expect(problems { run in run.pretrain?.training.batch = 3 }.count == 1)
      let whole = problems {
        $0.pretrain?.training.batch = 2
        $0.pretrain?.training.parts = 1
      }
      #expect(whole.isEmpty)
      let captioning = problems {
        $0.student.fresh?.matcher = nil
        $0.pretrain?.objective = [.captioning]
        $0.pretrain?.training.batch = 1
      }
      #expect(captioning.isEmpty)
    }
  }
#endif
