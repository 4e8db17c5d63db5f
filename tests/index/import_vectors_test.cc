#include "index/import/import_vectors.h"

#include <cmath>

#include "tests/index/import_fixture.h"

namespace segue::index {
namespace {

class ImportVectors : public ImportTest {
 protected:
  static OutsideFile good() {
    OutsideFile parts;
    parts.tensors["vectors"] = {{3, 2}, {1, 2, 3, 4, 5, 6}};
    parts.ids({"c", "x", "a"});
    return parts;
  }
  std::string refusal_of(const OutsideFile& parts,
                         const Catalogue& catalogue = catalogue_of({"a", "b", "c"})) const {
    parts.write(file());
    return refusal([&] { import_vectors(file(), catalogue); });
  }
};

TEST_F(ImportVectors, GivesItemsTheirVectors) {
  good().write(file());
  const ImportedVectors imported = import_vectors(file(), catalogue_of({"a", "b", "c"}));
  EXPECT_EQ(imported.items, 2u);
  EXPECT_EQ(imported.strangers, 1u);
  EXPECT_EQ(imported.catalogue[0].vector, (std::vector<float>{5, 6}));
  EXPECT_TRUE(imported.catalogue[1].vector.empty());
  EXPECT_EQ(imported.catalogue[2].vector, (std::vector<float>{1, 2}));
}

TEST_F(ImportVectors, TakesHalves) {
  SafetensorsWriter writer;
  writer.add("vectors", {1, 2}, std::span<const Half>(std::vector<Half>{to_half(0.5f), to_half(-2.0f)}));
  writer.metadata("ids", "[\"a\"]");
  writer.write(file());
  EXPECT_EQ(import_vectors(file(), catalogue_of({"a"})).catalogue[0].vector, (std::vector<float>{0.5f, -2}));
}

TEST_F(ImportVectors, SaysWhatIsWrong) {
  const auto expect = [&](const std::string& named, const auto& change) {
    OutsideFile parts = good();
    change(parts);
    const std::string text = refusal_of(parts);
    EXPECT_NE(text.find(named), std::string::npos) << text;
  };
  EXPECT_EQ(refusal_of(good()), "");
  expect("vectors is missing", [](OutsideFile& f) { f.tensors.clear(); });
  expect("[rows, columns] is needed", [](OutsideFile& f) { f.tensors["vectors"].first = {6}; });
  expect("[rows, columns] is needed", [](OutsideFile& f) { f.tensors["vectors"] = {{0, 2}, {}}; });
  expect("not finite, in row 2", [](OutsideFile& f) { f.tensors["vectors"].second[4] = NAN; });
  expect("bias has no place", [](OutsideFile& f) { f.tensors["bias"] = {{1}, {1}}; });
  expect("nothing says which row", [](OutsideFile& f) { f.metadata.clear(); });
  expect("2 ids for 3 rows", [](OutsideFile& f) { f.ids({"a", "b"}); });
  expect("twice", [](OutsideFile& f) { f.ids({"a", "b", "a"}); });
  expect("none of its 3 ids", [](OutsideFile& f) { f.ids({"x", "y", "z"}); });
}

TEST_F(ImportVectors, DoesNotMixThemWithVectorsOfAnotherModel) {
  std::vector<Item> items(1);
  items[0].id = "a";
  items[0].vector = {1, 2};
  const std::string text = refusal_of(good(), Catalogue(std::move(items)));
  EXPECT_NE(text.find("a vector of its own"), std::string::npos) << text;
}

}  // namespace
}  // namespace segue::index
