#!/usr/bin/env bash
# On Linux a file that is to be mapped if that is safe is read whole, and "always mapped" depends on the type.
#
# Seen on 2026-11-29 with Swift 6.3.1 and its Foundation on Linux.
# Data(contentsOf:options: .mappedIfSafe) does not map an ordinary local file: it takes as much memory as the file is long.
# Data with .alwaysMapped maps. NSData has the same two options and reads the whole file with either, and Data made from such
# an NSData is one more copy.
#
# Why it matters: readers of weights and tables ask for .mappedIfSafe so that a file may be larger than memory, and so that
# processes share its pages. On a Linux server every process has a copy of its own, and no error tells.
set -euo pipefail

case $(swiftc --version 2>&1 || true) in
*"Swift version 6.3.1 "*) ;;
*) echo "This needs the tool chain of Swift 6.3.1."; exit 1 ;;
esac
[[ $(uname) == Linux ]] || { echo "This needs Linux."; exit 1; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >main.swift <<'SWIFT'
import Foundation

let path = CommandLine.arguments[1]
let place = URL(fileURLWithPath: path)

func lines(_ name: String) throws -> [Substring] {
  try String(contentsOfFile: "/proc/self/" + name, encoding: .utf8).split(separator: "\n")
}

func ownMemory() throws -> Int {
  let line = try lines("status").first { $0.hasPrefix("RssAnon:") }!
  return Int(line.filter(\.isNumber))! >> 10
}

func see(_ what: String, _ expected: String, _ read: () throws -> Any) throws {
  let before = try ownMemory()
  let data = try read()
  var sum = 0
  switch data {
  case let data as NSData: for i in stride(from: 0, to: data.length, by: 4096) { sum += Int(data[i]) }
  case let data as Data: for i in stride(from: 0, to: data.count, by: 4096) { sum += Int(data[i]) }
  default: fatalError()
  }
  let mapped = try lines("maps").contains { $0.hasSuffix(path) }
  let taken = try ownMemory() - before
  print("\(what): mapped \(mapped), \(taken) MiB of the process's own, \(sum) pages looked at")
  let seen = taken >= 60 && !mapped ? "read" : taken <= 4 && mapped ? "mapped" : "neither"
  guard seen == expected else {
    print("This has changed. It was \(expected).")
    exit(1)
  }
}

try see("Data, no options", "read") { try Data(contentsOf: place) }
try see("Data, mappedIfSafe", "read") { try Data(contentsOf: place, options: .mappedIfSafe) }
try see("Data, alwaysMapped", "mapped") { try Data(contentsOf: place, options: .alwaysMapped) }
try see("NSData, mappedIfSafe", "read") { try NSData(contentsOf: place, options: .mappedIfSafe) }
let kept = try NSData(contentsOf: place, options: .alwaysMapped)
try see("Data made from an NSData, alwaysMapped", "read") { kept as Data }
try see("NSData, alwaysMapped", "read") { try NSData(contentsOf: place, options: .alwaysMapped) }
SWIFT
swiftc -O main.swift -o seen
head -c 67108864 /dev/zero | tr '\0' '\1' >file
./seen "$folder/file"
