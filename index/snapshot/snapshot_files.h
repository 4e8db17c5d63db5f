#pragma once

#include <array>
#include <string_view>
#include <utility>

/// The files of a snapshot, as paths from its folder (docs/file-formats.md).
namespace segue::index::files {

inline constexpr std::string_view kItems = "items.jsonl";
inline constexpr std::string_view kText = "text";
inline constexpr std::string_view kSuggestions = "suggest/table.safetensors";
inline constexpr std::string_view kPopularity = "models/popularity.safetensors";
inline constexpr std::string_view kTransitions = "models/transitions.safetensors";
inline constexpr std::string_view kMf = "models/mf.safetensors";
inline constexpr std::string_view kTransformer = "models/transformer.safetensors";
inline constexpr std::string_view kContent = "models/content.safetensors";
inline constexpr std::string_view kUserSessions = "models/user_sessions.safetensors";

/// Vector spaces and their indexes.
inline constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kVectors = {{
    {"transformer", "vectors/transformer.faiss"},
    {"mf", "vectors/mf.faiss"},
    {"content", "vectors/content.faiss"},
}};

}  // namespace segue::index::files
