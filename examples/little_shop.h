#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace examples {

/// Writes items.jsonl and events.jsonl of a shop of twelve products into a folder, which is made where there
/// is none. Half of its visitors go camping, the other half furnish; each looks at four products that go
/// together.
void write_little_shop(const std::filesystem::path& folder);

/// Trains on the two files and publishes to folder/store; returns the id of the snapshot.
std::string publish_little_shop(const std::filesystem::path& folder, std::uint64_t seed = 1);

/// Says what was expected and ends the program with 1 when it did not happen.
void expect(bool happened, const std::string& what);

}  // namespace examples
