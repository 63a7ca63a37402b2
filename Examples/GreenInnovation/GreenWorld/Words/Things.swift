/// What is invented at: its name, its parts, and what can be said of it.
struct Thing {
  /// What an effect may speak of.
  enum Trait {
    case powered, wet, made, fuming, outdoors, handheld, factory
  }

  let name: String
  let parts: [String]
  let traits: Set<Trait>

  private init(_ name: String, _ parts: [String], _ traits: Set<Trait>) {
    self.name = name
    self.parts = parts
    self.traits = traits
  }

  static let all = [
    Thing("ventilation unit", ["duct", "filter", "rotor", "housing"], [.powered, .made]),
    Thing("heat pump", ["compressor", "evaporator", "fan", "buffer tank"], [.powered, .fuming, .outdoors]),
    Thing("dishwasher", ["tub", "spray arm", "drain pump", "door"], [.powered, .wet, .made, .fuming]),
    Thing("loudspeaker", ["membrane", "voice coil", "basket", "cone"], [.powered, .made, .handheld]),
    Thing("electric drill", ["gearbox", "chuck", "motor housing", "grip"], [.powered, .made, .handheld]),
    Thing("tablet computer", ["display", "battery bay", "frame", "cover glass"], [.powered, .made, .handheld]),
    Thing(
      "greenhouse", ["roof panel", "irrigation line", "air curtain", "bench"], [.wet, .outdoors, .fuming, .powered]),
    Thing(
      "paper machine", ["headbox", "dryer hood", "press roll", "wire section"], [.powered, .wet, .fuming, .factory]),
    Thing(
      "dyeing plant", ["bath", "padding roller", "rinsing tank", "steam box"], [.wet, .fuming, .factory, .powered]),
    Thing("delivery van", ["load floor", "drive axle", "side door", "roof"], [.fuming, .powered, .made, .outdoors]),
    Thing("wind turbine", ["blade root", "nacelle", "tower base", "pitch drive"], [.outdoors, .made, .powered]),
    Thing("office chair", ["backrest", "seat shell", "armrest", "foot cross"], [.made, .handheld]),
    Thing("running shoe", ["sole", "heel cup", "upper", "tongue"], [.made, .handheld, .outdoors]),
    Thing("coffee machine", ["brewing head", "boiler", "drip tray", "grinder"], [.powered, .wet, .made, .handheld]),
    Thing("printing press", ["ink train", "plate cylinder", "dryer", "delivery pile"], [.powered, .fuming, .factory]),
    Thing("welding robot", ["torch arm", "wire feeder", "base joint", "fume hood"], [.powered, .fuming, .factory]),
    Thing("vineyard sprayer", ["nozzle row", "spray tank", "fan shroud", "boom"], [.outdoors, .wet, .fuming]),
    Thing("fish pond", ["inlet screen", "aerator", "feeding tray", "outlet weir"], [.outdoors, .wet, .powered]),
    Thing("water pump", ["impeller", "suction pipe", "shaft seal", "pressure vessel"], [.powered, .wet, .made]),
    Thing("brick kiln", ["firing zone", "kiln car", "chimney", "cooling zone"], [.fuming, .factory, .powered]),
    Thing(
      "injection moulding machine", ["barrel", "hot runner", "mould half", "clamping unit"],
      [.powered, .made, .factory]),
    Thing("hospital bed", ["side rail", "lying surface", "lifting column", "castor"], [.made, .powered, .handheld]),
    Thing("elevator", ["cabin wall", "counterweight", "drive pulley", "landing door"], [.powered, .made]),
    Thing("street lamp", ["lens", "mast", "driver board", "light head"], [.powered, .outdoors, .made]),
    Thing("solar module", ["front glass", "junction box", "back sheet", "frame"], [.outdoors, .made, .powered]),
    Thing("toy drone", ["propeller guard", "arm", "camera mount", "landing skid"], [.powered, .made, .handheld]),
    Thing("packaging line", ["sealing bar", "film unwinder", "tray former", "conveyor"], [.made, .factory, .powered]),
    Thing("refrigerated shelf", ["air grille", "glass door", "cooling coil", "back wall"], [.powered, .fuming]),
    Thing(
      "washing machine", ["drum", "detergent drawer", "suspension", "drain hose"], [.powered, .wet, .fuming, .made]),
    Thing(
      "electric bicycle", ["hub motor", "frame tube", "battery case", "brake lever"],
      [.powered, .made, .outdoors, .handheld]),
    Thing(
      "paint booth", ["floor grate", "spray gun", "air lock", "filter wall"], [.fuming, .factory, .powered, .wet]),
    Thing(
      "combine harvester", ["cutter bar", "threshing drum", "grain tank", "straw walker"],
      [.outdoors, .fuming, .powered]),
  ]
}
