#include "build/local/junit.hpp"

#include <catch2/catch.hpp>
#include <filesystem>

#include "support/tmp_dir.hpp"

using namespace slipway;
using build::TestCounts;

TEST_CASE("a report's test cases are counted, failing ones by name") {
  struct Row {
    const char *what, *xml, *text;
  };
  const Row rows[] = {
      {"pytest", R"(<testsuites><testsuite name="pytest" tests="3"><testcase classname="t" name="test_a" time="0.1"/>
        <testcase name="test_total"><failure message="assert 1 == 2">long text</failure></testcase>
        <testcase name="test_c"><skipped/></testcase></testsuite></testsuites>)",
       "3 tests, 1 skipped, 1 failed: test_total"},
      {"surefire", R"(<?xml version="1.0" encoding="UTF-8"?><testsuite><properties><property name="a" value="b"/></properties>
        <testcase name="contextLoads" classname="AppTest"><system-out><![CDATA[<failure>]]></system-out></testcase></testsuite>)",
       "1 test, all passed"},
      {"an error is a failure", R"(<testsuite><testcase name="x"><error/></testcase></testsuite>)", "1 test, 1 failed: x"},
      {"a suite's own error is none", R"(<testsuite><error/><testcase name="x"/></testsuite>)", "1 test, all passed"},
      {"no tests", "<testsuites/>", ""},
      {"a name that would break a line", "<t><testcase name=\"a&#10;b\"><failure/></testcase></t>", "1 test, 1 failed: a\\x0ab"},
  };
  for (const auto& row : rows) {
    INFO(row.what);
    TestCounts counts;
    CHECK(build::add_junit(row.xml, counts));
    CHECK(counts.text() == row.text);
  }
}

TEST_CASE("only the first failing tests are named") {
  std::string xml = "<t>", named;
  for (int i = 0; i < 25; ++i) xml += "<testcase name='t" + std::to_string(i) + "'><failure/></testcase>";
  for (int i = 0; i < 20; ++i) named += "t" + std::to_string(i) + ", ";
  TestCounts counts;
  REQUIRE(build::add_junit(xml + "</t>", counts));
  CHECK(counts.text() == "25 tests, 25 failed: " + named + "…");
}

TEST_CASE("a report that is no honest one is refused") {
  const std::string bomb =
      "<!DOCTYPE t [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;\">]><t><testcase name=\"&b;\"/></t>";
  std::string deep;
  for (int i = 0; i < 65; ++i) deep += "<a>";
  TestCounts counts;
  CHECK(build::add_junit(bomb, counts).error().what() == "the report is not read: it declares entities");
  CHECK(build::add_junit(deep, counts).error().what() == "the report is not read: it nests too deeply");
  CHECK(build::add_junit("<a>\n<b></a>", counts).error().what() == "the report is no XML: line 2: mismatched tag");
  CHECK(build::add_junit("", counts).error().what() == "the report is no XML: line 1: no element found");
}

TEST_CASE("globs go across folders only with two stars") {
  struct Row {
    const char *glob, *path;
    bool fits;
  };
  const Row rows[] = {
      {"junit.xml", "junit.xml", true},
      {"junit.xml", "a/junit.xml", false},
      {"./junit.xml", "junit.xml", true},
      {"target/surefire-reports/*.xml", "target/surefire-reports/TEST-a.xml", true},
      {"target/*.xml", "target/surefire-reports/TEST-a.xml", false},
      {"**/junit.xml", "junit.xml", true},
      {"**/junit.xml", "a/b/junit.xml", true},
      {"**/reports/*.xml", "a/b/reports/x.xml", true},
      {"**/reports/*.xml", "a/b/reports/c/x.xml", false},
      {"a/**", "a/b/c", true},
      {"*", "a/b", false},
      {"t?st-*.x*l", "test-1.xml", true},
      {"", "a", false},
  };
  for (const auto& row : rows) {
    INFO(row.glob << " " << row.path);
    CHECK(build::fits_glob(row.glob, row.path) == row.fits);
  }
}

TEST_CASE("reports are found below a folder, and links are not followed") {
  test::TmpDir outside, dir;
  test::write_file(outside / "junit.xml", "<t><testcase name='outside'/></t>");
  std::filesystem::create_directories(dir / "a/node_modules");
  test::write_file(dir / "a/junit.xml", "<t><testcase name='x'/></t>");
  test::write_file(dir / "a/node_modules/junit.xml", "<t><testcase name='y'/></t>");
  test::write_file(dir / "junit.xml", "<t>");
  std::filesystem::create_directory_symlink(outside.path(), dir / "link");
  std::filesystem::create_symlink(outside / "junit.xml", dir / "a/b-junit.xml");
  TestCounts counts;
  const auto passed_over = build::add_reports(dir.path(), {"**/*junit.xml"}, counts);
  CHECK(counts.tests == 1);
  REQUIRE(passed_over.size() == 1);
  CHECK(passed_over[0] == "junit.xml: the report is no XML: line 1: no element found");
}
