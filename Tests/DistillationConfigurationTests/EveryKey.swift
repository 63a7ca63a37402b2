#if Run
  import ConfigurationFiles
  import DPO
  import DistillationConfiguration
  import Layers
  import LoRA
  import TeacherProtocol
  import Training
  import TwoStage

  /// Every key is set to something else than its default wherever more than one value is taken, and the struct that the
  /// text must give is put together by hand.
  enum EveryKey {
    static let text = """
      method: multi-teacher
      seed: 7
      strict: true
      threads: 2
      out: runs/x
      store: st
      store_durable: true
      cache: ca
      data:
        files: {train: tr.csv, dev: de.csv, test: te.csv}
        images: photos
        outside_images: true
        pixels: {orientation: ignored, transparency: dropped, sixteen_bits: scaled}
        format: csv
        fields:
          id: key
          image: photo
          text: caption
          label: gold
          group: pair
          evidence: {entities: web.entities, titles: web.titles}
          slices: [kind, source]
        splits: {train: [a, no], dev: b, test: c}
        where: {kind: [random, "1"]}
        limit: {train: 100, dev: 20, test: 30}
        teacher_share: 0.25
      labels:
        - {name: no, answer: No., meaning: in context, aliases: ["0", "false"]}
        - {name: yes, answer: Yes., meaning: out of context, aliases: ["1"]}
      positive: yes
      ordered: true
      prompt: "Is it? {text} {entities}"
      question: is_it
      teachers:
        - name: r
          kind: recorded
          file: replies.jsonl
          recorded_name: gpt
          columns: {id: a, teacher: b, teachers: c, label: d, reply: g, rationale: e, confidence: f}
        - {name: m, kind: model, model: models/m, adapter: ad, prompt: "P {text}", image_view: grey, thinking: true, max_tokens: 9}
        - name: t
          kind: trained
          base: models/b
          prompt: "T {text}"
          image_view: blurred
          max_tokens: 7
          epochs: 5
          batch: 6
          learning_rate: 0.002
          schedule: linear
          warmup: 0.1
          weight_decay: 0.2
          clip: 3
          betas: [0.8, 0.9]
          epsilon: 1.0e-6
          checkpoint_every: 4
          parts: 3
        - name: o
          kind: openai
          base_url: https://example.org/v1
          model: large
          api: anthropic
          key_env: SERVICE_KEY
          prompt: "Q {text}"
          temperature: 0.5
          max_tokens: 99
          concurrency: 3
          answer: json
          response_format: structured_outputs
          length_parameter: max_completion_tokens
          logprobs: true
          confidence: true
          repair: true
          samples: 4
          seed: 11
          image_edge: 1024
          requests_per_minute: 500
          tokens_per_minute: 200000
          input_price: 2.5
          output_price: 10
          timeout: 30
          retries: 5
        - {name: f, kind: openai, base_url: ["http://one:8000/v1", "http://two:8000/v1"],
           model: small, key_file: key}
        - name: d
          kind: decision
          base_url: https://example.org/v1
          model: decider
          api: decisions
          state: prompt
          question: context
          key_env: DECIDER_KEY
          prompt: "D {text}"
          image_edge: 512
          concurrency: 2
          requests_per_minute: 50
          tokens_per_minute: 20000
          input_price: 1.5
          output_price: 0
          timeout: 20
          retries: 4
      spending: {max_requests: 1000, max_tokens: 2000000, max_cost: 12.5, unreadable: stop, over: store}
      missing_replies: accept
      agreement: {rule: majority, margin: 2, minimum_votes: 3}
      review: {source: file, file: review.csv, budget: 200, order: random}
      student:
        fresh:
          vocab_size: 1000
          scale_factor: 3
          do_image_splitting: true
          tie_word_embeddings: false
          text_config:
            {hidden_size: 64, intermediate_size: 96, num_hidden_layers: 2, num_attention_heads: 8,
             num_key_value_heads: 4, max_position_embeddings: 512, rope_theta: 5000, rms_norm_eps: 1e-6}
          vision_config:
            {hidden_size: 60, intermediate_size: 80, num_hidden_layers: 3, num_attention_heads: 6, image_size: 72,
             patch_size: 12, layer_norm_eps: 1e-5}
          matcher: {text_model: mini, image_size: 96, patch_size: 8, hidden_sizes: [16, 32], depths: [1, 3]}
        max_tokens: 300
        max_new_tokens: 40
        answer: label
        image_cache: false
        lora:
          {rank: 4, alpha: 8, dropout: 0.1, targets: [q_proj], exclude: [lm_head], vision: true, use_rslora: true,
           use_dora: true, init: gaussian, rank_pattern: {v_proj: 2}, alpha_pattern: {v_proj: 4.5},
           layers_to_transform: [0, 1], layers_pattern: [layers], modules_to_save: [connector],
           ensure_weight_tying: true, trainable_token_indices: {embed_tokens: [5, 9]}, bias: lora_only, lora_bias: false, layout: earlier}
      pretrain:
        captions: captions.jsonl
        images: pre
        format: jsonl
        fields: {image: i, text: t}
        where: {split: [train]}
        objective: [contrastive]
        image_shift: 3
        temperature: 0.1
        epochs: 2
        batch: 13
        learning_rate: 0.01
        schedule: constant
        warmup: 0.5
        weight_decay: 0.2
        clip: 3
        betas: [0.8, 0.9]
        epsilon: 1e-6
        checkpoint_every: 11
        parts: 5
      stage1:
        answers: m
        conflicts: both
        targets: soft
        rationales: false
        adapter: trained/stage1/adapter
        epochs: 4
        batch: 5
        learning_rate: 2e-4
        schedule: linear
        warmup: 0
        weight_decay: 0.1
        clip: 2
        betas: [0.7, 0.95]
        epsilon: 1e-7
        checkpoint_every: 13
        parts: 6
      stage2:
        reference: {adapter: old/adapter}
        loss: {sigmoid: 0.75, exo_pair: 0.25}
        beta: 0.3
        label_smoothing: 0.2
        f_divergence: alpha
        f_divergence_alpha: 0.75
        ld_alpha: 0.5
        discopop_tau: 0.1
        sft_weight: 0.5
        pairs: best
        when_all_wrong: skip
        replay: 0.25
        adapter: trained/stage2/adapter
        epochs: 6
        batch: 7
        learning_rate: 2e-5
        schedule: constant
        warmup: 1
        weight_decay: 0.3
        clip: 4
        betas: [0.6, 0.99]
        epsilon: 1e-9
        checkpoint_every: 15
        parts: 7
      evaluation: {results: all, bootstrap: 10, split: dev, dev_for_threshold: false, calibration: budget}
      budgets: [0.05, 200]
      rounds: 2
      report: {gallery: 5, title: Photos}
      """

    static var data: DataConfiguration {
      var data = DataConfiguration(files: SplitFiles(train: "tr.csv", dev: "de.csv", test: "te.csv"))
      data.images = "photos"
      data.pixels = .stored
      data.pixels?.sixteenBits = .scaled
      data.format = .csv
      data.fields.id = "key"
      data.fields.image = "photo"
      data.fields.text = "caption"
      data.fields.label = "gold"
      data.fields.group = "pair"
      data.fields.evidence = ["entities": "web.entities", "titles": "web.titles"]
      data.fields.slices = ["kind", "source"]
      data.splits.train = .names(["a", "no"])
      data.splits.dev = .names(["b"])
      data.splits.test = .names(["c"])
      data.rowsWhere = ["kind": ["random", "1"]]
      data.limit.train = 100
      data.limit.dev = 20
      data.limit.test = 30
      data.teacherShare = 0.25
      data.outsideImages = true
      return data
    }

    static var teachers: [TeacherConfiguration] {
      var recorded = RecordedTeacherConfiguration(file: "replies.jsonl")
      recorded.recordedName = "gpt"
      recorded.columns.id = "a"
      recorded.columns.teacher = "b"
      recorded.columns.teachers = "c"
      recorded.columns.label = "d"
      recorded.columns.reply = "g"
      recorded.columns.rationale = "e"
      recorded.columns.confidence = "f"
      var model = ModelTeacherConfiguration(model: "models/m")
      model.adapter = "ad"
      model.prompt = "P {text}"
      model.imageView = .grey
      model.thinking = true
      model.maximumTokens = 9
      var trained = TrainedTeacherConfiguration()
      trained.base = "models/b"
      trained.prompt = "T {text}"
      trained.imageView = .blurred
      trained.maximumTokens = 7
      trained.training = TrainingConfiguration(epochs: 5, batch: 6, learningRate: 0.002)
      trained.training.schedule = .linear
      trained.training.warmup = 0.1
      trained.training.weightDecay = 0.2
      trained.training.clip = 3
      trained.training.betas = [0.8, 0.9]
      trained.training.epsilon = 1e-6
      trained.training.checkpointEvery = 4
      trained.training.parts = 3
      var service = OpenAITeacherConfiguration(baseURL: "https://example.org/v1", model: "large")
      service.api = .anthropic
      service.keyVariable = "SERVICE_KEY"
      service.prompt = "Q {text}"
      service.temperature = 0.5
      service.maximumTokens = 99
      service.concurrency = 3
      service.answer = .json
      service.responseFormat = .structuredOutputs
      service.lengthParameter = .maxCompletionTokens
      service.logProbabilities = true
      service.statesConfidence = true
      service.repairs = true
      service.samples = 4
      service.seed = 11
      service.imageEdge = 1024
      service.requestsPerMinute = 500
      service.tokensPerMinute = 200_000
      service.inputPrice = 2.5
      service.outputPrice = 10
      service.timeout = 30
      service.retries = 5
      var other = OpenAITeacherConfiguration(baseURL: "", model: "small")
      other.addresses = ServiceAddresses(["http://one:8000/v1", "http://two:8000/v1"])
      other.keyFile = "key"
      var decider = DecisionTeacherConfiguration(baseURL: "https://example.org/v1", model: "decider")
      decider.api = .decisions
      decider.state = .prompt
      decider.question = "context"
      decider.service.keyVariable = "DECIDER_KEY"
      decider.service.prompt = "D {text}"
      decider.service.imageEdge = 512
      decider.service.concurrency = 2
      decider.service.requestsPerMinute = 50
      decider.service.tokensPerMinute = 20_000
      decider.service.inputPrice = 1.5
      decider.service.outputPrice = 0
      decider.service.timeout = 20
      decider.service.retries = 4
      return [
        TeacherConfiguration(name: "r", source: .recorded(recorded)),
        TeacherConfiguration(name: "m", source: .model(model)),
        TeacherConfiguration(name: "t", source: .trained(trained)),
        TeacherConfiguration(name: "o", source: .openAI(service)),
        TeacherConfiguration(name: "f", source: .openAI(other)),
        TeacherConfiguration(name: "d", source: .decision(decider)),
      ]
    }

    static var student: StudentConfiguration {
      var fresh = FreshStudentConfiguration()
      fresh.vocabularySize = 1000
      fresh.scaleFactor = 3
      fresh.splitsImages = true
      fresh.tiesWordEmbeddings = false
      fresh.text.hiddenSize = 64
      fresh.text.intermediateSize = 96
      fresh.text.layers = 2
      fresh.text.heads = 8
      fresh.text.keyValueHeads = 4
      fresh.text.maximumPositions = 512
      fresh.text.ropeTheta = 5000
      fresh.text.normEpsilon = 1e-6
      fresh.vision.hiddenSize = 60
      fresh.vision.intermediateSize = 80
      fresh.vision.layers = 3
      fresh.vision.heads = 6
      fresh.vision.imageSize = 72
      fresh.vision.patchSize = 12
      fresh.vision.normEpsilon = 1e-5
      var matcher = MatcherConfiguration(textModel: "mini")
      (matcher.imageSize, matcher.patchSize, matcher.widths, matcher.depths) = (96, 8, [16, 32], [1, 3])
      fresh.matcher = matcher
      var student = StudentConfiguration(fresh: fresh)
      student.maximumTokens = 300
      student.maximumNewTokens = 40
      student.answer = .label
      student.imageCache = false
      student.lora.rank = 4
      student.lora.alpha = 8
      student.lora.dropout = 0.1
      student.lora.targets = ["q_proj"]
      student.lora.exclude = ["lm_head"]
      student.lora.vision = true
      student.lora.usesRankStabilisedScale = true
      student.lora.usesDoRA = true
      student.lora.initialization = .gaussian
      student.lora.rankPattern = ["v_proj": 2]
      student.lora.alphaPattern = ["v_proj": 4.5]
      student.lora.layers = [0, 1]
      student.lora.layersPattern = ["layers"]
      student.lora.savedModules = ["connector"]
      student.lora.ensuresTying = true
      student.lora.trainedTokens = .byName(["embed_tokens": [5, 9]])
      student.lora.trainedBiases = .adapted
      student.lora.layout = .earlier
      return student
    }

    private static func training(
      _ epochs: Int, _ batch: Int, _ rate: Double, _ schedule: LearningRateSchedule.Shape, warmup: Double,
      decay: Double, clip: Double, betas: [Double], epsilon: Double, checkpoint: Int,
      parts: Int
    ) -> TrainingConfiguration {
      var training = TrainingConfiguration(epochs: epochs, batch: batch, learningRate: rate)
      training.schedule = schedule
      training.warmup = warmup
      training.weightDecay = decay
      training.clip = clip
      training.betas = betas
      training.epsilon = epsilon
      training.checkpointEvery = checkpoint
      training.parts = parts
      return training
    }

    static var stage2: Stage2Configuration {
      var stage2 = Stage2Configuration(reference: .adapter("old/adapter"))
      stage2.loss = PreferenceLossConfiguration(mixing: [.sigmoid: 0.75, .exoPair: 0.25])
      stage2.beta = 0.3
      stage2.labelSmoothing = 0.2
      stage2.divergence = .alpha
      stage2.divergenceAlpha = 0.75
      stage2.tailWeight = 0.5
      stage2.discopopTemperature = 0.1
      stage2.sftWeight = 0.5
      stage2.pairs = .best
      stage2.whenAllWrong = .skip
      stage2.replay = 0.25
      stage2.adapter = "trained/stage2/adapter"
      stage2.training = training(
        6, 7, 2e-5, .constant, warmup: 1, decay: 0.3, clip: 4, betas: [0.6, 0.99], epsilon: 1e-9, checkpoint: 15,
        parts: 7)
      return stage2
    }

    static var run: RunConfiguration {
      var run = RunConfiguration(data: data, teachers: teachers, student: student, stage2: stage2)
      run.seed = 7
      run.strict = true
      run.threads = 2
      run.out = "runs/x"
      run.store = "st"
      run.storeIsDurable = true
      run.cache = "ca"
      run.labels = [
        LabelConfiguration(name: "no", answer: "No.", meaning: "in context", aliases: ["0", "false"]),
        LabelConfiguration(name: "yes", answer: "Yes.", meaning: "out of context", aliases: ["1"]),
      ]
      run.positive = "yes"
      run.ordered = true
      run.prompt = "Is it? {text} {entities}"
      run.question = "is_it"
      run.agreement.rule = .majority
      run.agreement.margin = 2
      run.agreement.minimumVotes = 3
      run.spending.requests = 1000
      run.spending.tokens = 2_000_000
      run.spending.cost = 12.5
      run.spending.unreadable = .stop
      run.spending.over = .store
      run.missingReplies = .accept
      run.review.source = .file
      run.review.file = "review.csv"
      run.review.budget = .count(200)
      run.review.order = .random
      var pretrain = PretrainConfiguration(captions: "captions.jsonl")
      pretrain.images = "pre"
      pretrain.format = .jsonLines
      pretrain.fields.image = "i"
      pretrain.fields.text = "t"
      pretrain.rowsWhere = ["split": ["train"]]
      pretrain.objective = [.contrastive]
      (pretrain.imageShift, pretrain.temperature) = (3, 0.1)
      pretrain.training = training(
        2, 13, 0.01, .constant, warmup: 0.5, decay: 0.2, clip: 3, betas: [0.8, 0.9], epsilon: 1e-6, checkpoint: 11,
        parts: 5)
      run.pretrain = pretrain
      run.stage1.answers = .teacher("m")
      run.stage1.conflicts = .all
      run.stage1.targets = .soft
      run.stage1.rationales = false
      run.stage1.adapter = "trained/stage1/adapter"
      run.stage1.training = training(
        4, 5, 2e-4, .linear, warmup: 0, decay: 0.1, clip: 2, betas: [0.7, 0.95], epsilon: 1e-7, checkpoint: 13,
        parts: 6)
      run.evaluation.results = .all
      run.evaluation.bootstrap = 10
      run.evaluation.split = .dev
      run.evaluation.calibration = .budget
      run.budgets = [.fraction(0.05), .count(200)]
      run.rounds = 2
      run.report.gallery = 5
      run.report.title = "Photos"
      return run
    }
  }
#endif
