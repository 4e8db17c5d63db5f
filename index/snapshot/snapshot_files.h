#pragma once

#include <array>
#include <string>
#include <string_view>

#include "index/item.h"

/// The files of a snapshot, as paths from its folder (docs/file-formats.md).
namespace segue::index::files {

inline constexpr std::string_view kItems = "items.jsonl";
inline constexpr std::string_view kItemRecords = "items.safetensors";
inline constexpr std::string_view kText = "text";
inline constexpr std::string_view kSuggestions = "suggest/table.safetensors";
inline constexpr std::string_view kPopularity = "models/popularity.safetensors";
inline constexpr std::string_view kTransitions = "models/transitions.safetensors";
inline constexpr std::string_view kItemNeighbours = "models/item-neighbours.safetensors";
inline constexpr std::string_view kUserNeighbours = "models/user-neighbours.safetensors";
inline constexpr std::string_view kSessionNeighbours = "models/session-neighbours.safetensors";
inline constexpr std::string_view kMf = "models/mf.safetensors";
inline constexpr std::string_view kRating = "models/rating.safetensors";
inline constexpr std::string_view kTransformer = "models/transformer.safetensors";
inline constexpr std::string_view kContent = "models/content.safetensors";
inline constexpr std::string_view kContexts = "models/context.json";
inline constexpr std::string_view kContextPopularity = "models/context_popularity.safetensors";
inline constexpr std::string_view kWords = "models/words.safetensors";
inline constexpr std::string_view kUserSessions = "models/user_sessions.safetensors";

/// Spaces of models that may have vectors.
inline constexpr std::array<std::string_view, 3> kSpaces = {"transformer", "mf", "words"};

/// The vectors of a space.
inline std::string vectors_of(std::string_view space) {
  return "vectors/" + std::string(space) + ".safetensors";
}

/// The version that a manifest gives vectors that came with the items.
inline constexpr std::string_view kGivenVersion = "given-1";
/// The vectors of one kind that came with the items, as they came and as an index: `vector` is of kind
/// "content".
inline std::string given_file(std::string_view kind) {
  return kind == kGivenVector ? std::string(kContent) : "models/given-" + std::string(kind) + ".safetensors";
}
inline std::string given_index(std::string_view kind) {
  return vectors_of(kind == kGivenVector ? std::string(kind) : "given-" + std::string(kind));
}

}  // namespace segue::index::files
