import Foundation
import Layers
import Tensor
import TestSupport
import Testing

@Suite struct WeightsTests {
  @Test func `a saved model loads into another to the same bits, and saves to the same bytes`() throws {
    try withTemporaryFolder { folder in
      let model = TwoLayers(seed: 1)
      let (here, there) = (folder.appendingPathComponent("a/b"), folder.appendingPathComponent("c"))
      try model.saveWeights(to: here)
      var other = TwoLayers(seed: 2)
      other.setTrainable { $0.hasPrefix("second") }
      try other.loadWeights(from: Tensor.SafetensorsFolder(contentsOf: here))
      for (mine, loaded) in zip(model.parameters(), other.parameters()) {
        #expect(mine.path == loaded.path)
        #expect(mine.parameter.value.isIdentical(to: loaded.parameter.value))
        #expect(loaded.parameter.isTrainable == loaded.path.hasPrefix("second"))
      }
      try other.saveWeights(to: there)
      let file = "model.safetensors"
      #expect(
        try Data(contentsOf: here.appendingPathComponent(file)) == Data(contentsOf: there.appendingPathComponent(file)))
    }
  }

  @Test func `loaded weights train without a change to the file they came from`() throws {
    try withTemporaryFolder { folder in
      try TwoLayers(seed: 1).saveWeights(to: folder)
      let before = try Data(contentsOf: folder.appendingPathComponent("model.safetensors"))
      var model = TwoLayers(seed: 2)
      try model.loadWeights(from: Tensor.SafetensorsFolder(contentsOf: folder))
      var optimizer = AdamW()
      let (_, gradients) = model.valueAndGradients { $0(randomTensor([4, 3], seed: 3)).squared().sum() }
      optimizer.update(&model, gradients: gradients, learningRate: 0.1)
      #expect(model.contents != TwoLayers(seed: 1).contents)
      #expect(try Data(contentsOf: folder.appendingPathComponent("model.safetensors")) == before)
    }
  }

  @Test func `everything that does not fit is named at once, and the model stays as it was`() throws {
    try withTemporaryFolder { folder in
      try Tensor.writeSafetensors(
        [
          "first.weight": .zeros([5, 3]), "first.bias": .zeros([4]), "norm.weight": .zeros([5]),
          "second.weight": .zeros([5, 2]), "head.weight": .zeros([1]), "inv_freq": .zeros([2]),
        ], to: folder.appendingPathComponent("model.safetensors"))
      var model = TwoLayers(seed: 1)
      let before = model.contents
      let expected = WeightsError.mismatch(
        folder: folder.path, missing: ["norm.bias"], unknown: ["head.weight"],
        misshapen: [
          .init(name: "first.bias", expected: [5], found: [4]),
          .init(name: "second.weight", expected: [2, 5], found: [5, 2]),
        ])
      let weights = try Tensor.SafetensorsFolder(contentsOf: folder)
      #expect(throws: expected) { try model.loadWeights(from: weights, ignoring: { $0 == "inv_freq" }) }
      #expect(model.contents == before)
      #expect(
        expected.description == """
          \(folder.path): the weights do not fit the model: 1 missing (norm.bias); 1 unknown (head.weight); \
          2 misshapen (first.bias: expected [5], found [4], second.weight: expected [2, 5], found [5, 2]). \
          Check that config.json and weights belong to the same model.
          """)
    }
  }

  @Test func `paths may have other names in the file, and nil leaves a parameter as it is`() throws {
    try withTemporaryFolder { folder in
      let source = TwoLayers(seed: 1)
      let renamed = source.parameters().filter { $0.path != "second.weight" }
        .map { ("model.\($0.path)", $0.parameter.value) }
      try Tensor.writeSafetensors(
        Dictionary(uniqueKeysWithValues: renamed), to: folder.appendingPathComponent("model.safetensors"))
      var model = TwoLayers(seed: 2)
      try model.loadWeights(
        from: Tensor.SafetensorsFolder(contentsOf: folder),
        renaming: { $0 == "second.weight" ? nil : "model.\($0)" })
      #expect(model.contents["first.weight"] == source.contents["first.weight"])
      #expect(model.contents["norm.bias"] == source.contents["norm.bias"])
      #expect(model.contents["second.weight"] == TwoLayers(seed: 2).contents["second.weight"])
    }
  }

  @Test func `an integer tensor in the place of a parameter is an error, and the model stays as it was`() throws {
    try withTemporaryFolder { folder in
      let header = #"{"weight":{"dtype":"I32","shape":[1,1],"data_offsets":[0,4]}}  "#
      var data = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Data($0) }
      data += Data(header.utf8) + Data([1, 0, 0, 0])
      try data.write(to: folder.appendingPathComponent("model.safetensors"))
      var model = Linear(weight: Tensor([7], shape: [1, 1]))
      #expect(throws: Tensor.SafetensorsError.self) {
        try model.loadWeights(from: Tensor.SafetensorsFolder(contentsOf: folder))
      }
      #expect(model.weight.value.scalars == [7])
    }
  }

  @Test func `a folder that cannot be made is an error with its path`() throws {
    try withTemporaryFolder { folder in
      let file = folder.appendingPathComponent("file")
      try Data([1]).write(to: file)
      let inside = file.appendingPathComponent("weights")
      #expect {
        try TwoLayers(seed: 1).saveWeights(to: inside)
      } throws: { error in
        guard case WeightsError.unwritable(inside.path, _) = error else { return false }
        return "\(error)".hasPrefix(inside.path)
      }
    }
  }
}
