#!/usr/bin/env bash
# A data base whose connections are prepared with "PRAGMA synchronous = FULL" is written under NORMAL where it has a log.
#
# Seen on 2026-11-28 with GRDB.swift 7.10.0 and Swift 6.3.1.
# Turning a data base to WAL mode comes after `prepareDatabase`, and sets synchronous to NORMAL: in every DatabasePool, and
# in a DatabaseQueue whose journal mode is WAL. A DatabaseQueue without a log keeps what was asked for.
#
# Why it matters: a store of replies that were paid for is asked to wait for the disk at every commit, and the last commits
# before a power loss are missing all the same.
set -euo pipefail

case $(swiftc --version 2>&1 || true) in
*"Swift version 6.3.1 "*) ;;
*) echo "This needs the tool chain of Swift 6.3.1."; exit 1 ;;
esac
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
mkdir -p Sources/seen
cat >Package.swift <<'SWIFT'
// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "seen",
  dependencies: [.package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0")],
  targets: [.executableTarget(name: "seen", dependencies: [.product(name: "GRDB", package: "GRDB.swift")])])
SWIFT
cat >Sources/seen/main.swift <<'SWIFT'
import Foundation
import GRDB

func see(_ what: String, _ seen: Int?, _ expected: Int) {
  print("\(what): synchronous is \(seen.map(String.init) ?? "nothing") (1 is NORMAL, 2 is FULL)")
  guard seen == expected else {
    print("This has changed. It was \(expected).")
    exit(1)
  }
}

var configuration = Configuration()
configuration.prepareDatabase { try $0.execute(sql: "PRAGMA synchronous = FULL") }
let place = CommandLine.arguments[1]
let pool = try DatabasePool(path: place + "/pool.sqlite", configuration: configuration)
see("a pool", try pool.write { try Int.fetchOne($0, sql: "PRAGMA synchronous") }, 1)
let queue = try DatabaseQueue(path: place + "/queue.sqlite", configuration: configuration)
see("a queue", try queue.write { try Int.fetchOne($0, sql: "PRAGMA synchronous") }, 2)
configuration.journalMode = .wal
let logged = try DatabaseQueue(path: place + "/logged.sqlite", configuration: configuration)
see("a queue with a log", try logged.write { try Int.fetchOne($0, sql: "PRAGMA synchronous") }, 1)
SWIFT
swift run --quiet seen "$folder"
