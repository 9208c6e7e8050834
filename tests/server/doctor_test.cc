// What the doctor finds on machines that are made up: a folder with the files of /proc and /sys
// that it reads, and an answer of the kernel's.
#include "server/doctor.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

namespace parley::server {
namespace {

namespace fs = std::filesystem;

class DoctorTest : public testing::Test {
protected:
    DoctorTest() {
        std::string name = testing::TempDir() + "doctorXXXXXX";
        root = mkdtemp(name.data());
        write("/proc/sys/kernel/osrelease", "6.1.0-28-amd64\n");
        write("/proc/sys/kernel/io_uring_disabled", "0\n");
        write("/proc/sys/net/core/somaxconn", "4096\n");
        write("/proc/sys/net/ipv4/tcp_max_syn_backlog", "4096\n");
        write("/proc/self/limits",
              "Limit                     Soft Limit           Hard Limit           Units\n"
              "Max open files            1024                 1048576              files\n"
              "Max locked memory         8388608              8388608              bytes\n");
        write_status("0-3", 0);
        write("/proc/self/cgroup", "0::/system.slice/parley.service\n");
        write("/sys/fs/cgroup/system.slice/parley.service/cpu.max", "max 100000\n");
        write("/sys/devices/system/cpu/isolated", "\n");
        options.listen = "127.0.0.1:0";
        options.auth = Auth::trust;
        probed.features = {{.name = "accept", .there = true}};
    }
    ~DoctorTest() override { fs::remove_all(root); }

    void write(const std::string& path, const std::string& text) const {
        fs::create_directories(fs::path{root + path}.parent_path());
        std::ofstream{root + path} << text;
    }
    void write_status(const std::string& cores, int seccomp) const {
        write("/proc/self/status", "Name:\tparley\nSeccomp:\t" + std::to_string(seccomp) +
                                       "\nCpus_allowed_list:\t" + cores + "\n");
    }
    std::vector<Finding> examine() const { return Doctor{options, root, probed}.examine(); }
    Finding finding(const std::string& what) const {
        const auto all = examine();
        const auto found = std::ranges::find(all, what, &Finding::what);
        EXPECT_NE(found, all.end()) << what;
        return found == all.end() ? Finding{} : *found;
    }
    // Exactly this one is not fine, and it says what to do.
    void expect_only(const std::string& what, Verdict verdict, const std::string& cause,
                     const std::string& fix) const {
        for (const Finding& each : examine()) {
            if (each.what != what) {
                EXPECT_EQ(each.verdict, Verdict::pass) << each.what << ": " << each.cause;
                continue;
            }
            EXPECT_EQ(each.verdict, verdict) << what;
            EXPECT_NE(each.cause.find(cause), std::string::npos) << each.cause;
            EXPECT_NE(each.fix.find(fix), std::string::npos) << each.fix;
        }
    }

    std::string root;
    Options options;
    ring::Probed probed;
};

TEST_F(DoctorTest, FindsNothingWrongWithAGoodMachine) {
    for (const Finding& each : examine()) {
        EXPECT_EQ(each.verdict, Verdict::pass) << each.what << ": " << each.cause;
        EXPECT_FALSE(each.found.empty()) << each.what;
        EXPECT_TRUE(each.cause.empty() && each.fix.empty()) << each.what;
    }
}

TEST_F(DoctorTest, NamesTheOldestKernelThatWillDo) {
    write("/proc/sys/kernel/osrelease", "5.10.0-33-amd64\n");
    expect_only("kernel", Verdict::fail, "io_uring", "6.1");
    write("/proc/sys/kernel/osrelease", "6.0.12\n");
    expect_only("kernel", Verdict::fail, "io_uring", "6.1");
    write("/proc/sys/kernel/osrelease", "10.0\n");
    EXPECT_EQ(finding("kernel").verdict, Verdict::pass);
    fs::remove(root + "/proc/sys/kernel/osrelease");
    EXPECT_EQ(finding("kernel").verdict, Verdict::fail);
}

TEST_F(DoctorTest, BlamesTheSwitchWhereIoUringIsSwitchedOff) {
    probed = {.error_number = EPERM, .features = {}};
    write("/proc/sys/kernel/io_uring_disabled", "2\n");
    EXPECT_EQ(finding("io_uring").verdict, Verdict::fail);
    EXPECT_NE(finding("io_uring").fix.find("io_uring_disabled=0"), std::string::npos);
    EXPECT_EQ(finding("kernel.io_uring_disabled").verdict, Verdict::fail);
    EXPECT_NE(finding("kernel.io_uring_disabled").cause.find("nobody"), std::string::npos);
    probed.error_number = 0;
    write("/proc/sys/kernel/io_uring_disabled", "1\n");
    expect_only("kernel.io_uring_disabled", Verdict::warn, "this one may", "sysctl -w");
}

TEST_F(DoctorTest, BlamesTheSeccompFilterAndWhoSetIt) {
    probed = {.error_number = EPERM, .features = {}};
    write_status("0-3", 2);
    EXPECT_NE(finding("io_uring").cause.find("systemd"), std::string::npos);
    write("/.dockerenv", "");
    const Finding found = finding("io_uring");
    EXPECT_EQ(found.verdict, Verdict::fail);
    EXPECT_NE(found.cause.find("seccomp filter of Docker"), std::string::npos) << found.cause;
    EXPECT_NE(found.fix.find("docs/operations/seccomp.json"), std::string::npos);
    EXPECT_EQ(finding("seccomp").verdict, Verdict::warn);
    probed.error_number = 0;
    EXPECT_EQ(finding("seccomp").verdict, Verdict::pass);
}

TEST_F(DoctorTest, NamesFeaturesThatAreMissing) {
    probed.features = {{.name = "accept", .there = true},
                       {.name = "buffer rings", .there = false},
                       {.name = "a registered ring", .there = false, .needed = false}};
    EXPECT_EQ(finding("io_uring features").verdict, Verdict::fail);
    EXPECT_EQ(finding("io_uring features").found, "missing: buffer rings");
    probed.features[1].there = true;
    EXPECT_EQ(finding("io_uring features").verdict, Verdict::warn);
    EXPECT_EQ(finding("io_uring features").found, "missing: a registered ring");
}

TEST_F(DoctorTest, LooksAtTheHardLimitOfOpenFiles) {
    write("/proc/self/limits", "Max open files            1024                 4096      files\n");
    expect_only("open files", Verdict::warn, "places", "LimitNOFILE=");
    write("/proc/self/limits", "Max open files            16                   32        files\n");
    expect_only("open files", Verdict::fail, "need 48", "ulimit -Hn");
    write("/proc/self/limits", "Max open files            16             unlimited       files\n");
    EXPECT_EQ(finding("open files").verdict, Verdict::pass);
}

TEST_F(DoctorTest, BlamesTheLimitOfLockedMemoryForARingThatDoesNotFit) {
    probed = {.error_number = ENOMEM, .features = {}};
    EXPECT_EQ(finding("locked memory").verdict, Verdict::fail);
    EXPECT_NE(finding("locked memory").fix.find("LimitMEMLOCK"), std::string::npos);
    EXPECT_EQ(finding("io_uring").verdict, Verdict::fail);
}

TEST_F(DoctorTest, ComparesShardsWithCoresAndTheirQuota) {
    options.shards = 5;
    expect_only("cores", Verdict::warn, "5 shards", "--shards 4");
    options.shards = 4;
    write("/sys/fs/cgroup/system.slice/parley.service/cpu.max", "150000 100000\n");
    expect_only("CPU quota", Verdict::warn, "4 shards", "CPUQuota=");
    options.shards = 1;
    EXPECT_EQ(finding("CPU quota").verdict, Verdict::pass);
    EXPECT_EQ(finding("CPU quota").found, "1.50 cores");
}

TEST_F(DoctorTest, WarnsOfACoreThatIsSharedWithOthersAndFailsForOneThatIsNotThere) {
    options.cores = "2-3";
    EXPECT_EQ(finding("isolated cores").verdict, Verdict::warn);
    EXPECT_NE(finding("isolated cores").fix.find("isolcpus=2-3"), std::string::npos);
    write("/sys/devices/system/cpu/isolated", "2-3\n");
    EXPECT_EQ(finding("isolated cores").verdict, Verdict::pass);
    options.cores = "3-4";
    EXPECT_EQ(finding("cores").verdict, Verdict::fail);
    EXPECT_NE(finding("cores").cause.find("4"), std::string::npos);
}

TEST_F(DoctorTest, ComparesBacklogsWithWhatAListenerAsksFor) {
    write("/proc/sys/net/core/somaxconn", "128\n");
    expect_only("net.core.somaxconn", Verdict::warn, "storm", "sysctl -w net.core.somaxconn=4096");
}

TEST_F(DoctorTest, SaysWhoHasTheAddress) {
    Result<int> taken = ring::listen_tcp({.host = "127.0.0.1", .port = 0});
    ASSERT_TRUE(taken.ok());
    options.listen = "127.0.0.1:" + std::to_string(*ring::local_port(*taken));
    expect_only("address", Verdict::warn, "somebody listens", "ss -ltnp");
    ring::close_now(*taken);
    EXPECT_EQ(finding("address").verdict, Verdict::pass);
    options.listen = "203.0.113.7:0";
    options.trust_the_network = true;
    expect_only("address", Verdict::fail, "no such address", "ip addr");
}

TEST_F(DoctorTest, TriesTheOptions) {
    options.jwt_secret_file = "/nonexistent/secret";
    options.auth = Auth::jwt;
    expect_only("options", Verdict::fail, "/nonexistent/secret", "--help");
}

class DoctorOfSqlite : public DoctorTest {
protected:
    // The first bytes of a file with tables of that version.
    void write_file(const std::string& name, char version) const {
        std::string bytes(4096, '\0');
        bytes.replace(0, 15, "SQLite format 3");
        bytes[63] = version;
        write(name, bytes);
    }
    void name(const std::string& file) { options.store = "sqlite:" + root + file; }
};

TEST_F(DoctorOfSqlite, SaysWhereItIsAndHowMuchRoomThereIs) {
    EXPECT_EQ(finding("SQLite").found, "not configured");
    options.data_folder = root + "/not/there/yet";
    EXPECT_TRUE(finding("SQLite").found.starts_with(root + "/not/there/yet/parley.db, to be made"));
    EXPECT_NE(finding("SQLite").verdict, Verdict::fail);
    EXPECT_NE(finding("SQLite").found.find(" MiB free"), std::string::npos);
    write_file("/data/parley.db", 1);
    options.data_folder = root + "/data";
    EXPECT_TRUE(finding("SQLite").found.starts_with(root + "/data/parley.db, version 1, "));
    EXPECT_NE(finding("SQLite").verdict, Verdict::fail);
}

TEST_F(DoctorOfSqlite, MissesTheFolderThatNobodyMakes) {
    name("/not/there.db");
    expect_only("SQLite", Verdict::fail, "does not exist", "mkdir -p " + root + "/not");
}

TEST_F(DoctorOfSqlite, RefusesAFolderThatIsNone) {
    write("/file", "");
    name("/file/parley.db");
    expect_only("SQLite", Verdict::fail, root + "/file is no folder", "--data");
}

TEST_F(DoctorOfSqlite, RefusesAFileThatIsNoDatabase) {
    write("/no.db", "this is no database");
    name("/no.db");
    expect_only("SQLite", Verdict::fail, "no SQLite file", "--store");
}

TEST_F(DoctorOfSqlite, RefusesAFileOfANewerVersion) {
    write_file("/new.db", 100);
    name("/new.db");
    expect_only("SQLite", Verdict::fail, "newer Parley", "run that one");
    EXPECT_NE(finding("SQLite").found.find("version 100"), std::string::npos);
}

class DoctorOfWhatIsKept : public DoctorTest {
protected:
    DoctorOfWhatIsKept() {
        options.store = "memory";
        options.data_folder = root + "/data";
        options.recording.what = Recording::What::all;
    }
    // Whatever the others say, which depends on how full the disk is.
    void expect_failure(const std::string& what, const std::string& cause,
                        const std::string& fix) const {
        const Finding found = finding(what);
        EXPECT_EQ(found.verdict, Verdict::fail);
        EXPECT_NE(found.cause.find(cause), std::string::npos) << found.cause;
        EXPECT_NE(found.fix.find(fix), std::string::npos) << found.fix;
    }
    void write_private(const std::string& name, const std::string& text) {
        write(name, text);
        fs::permissions(root + name, fs::perms::owner_read | fs::perms::owner_write);
    }
};

TEST_F(DoctorOfWhatIsKept, SaysWhereItWillBe) {
    EXPECT_EQ(finding("seal key").found, root + "/data/seal.key, to be made");
    EXPECT_NE(finding("recordings").verdict, Verdict::fail);
    EXPECT_TRUE(finding("recordings").found.starts_with(root + "/data/recordings, "));
    EXPECT_FALSE(fs::exists(root + "/data")) << "nothing is changed";
    options.recording.what = Recording::What::none;
    EXPECT_EQ(finding("seal key").found, "not needed");
    EXPECT_EQ(finding("recordings").found, "not asked for");
}

TEST_F(DoctorOfWhatIsKept, MissesTheKeyThatSealedIt) {
    write_private("/data/seal.marks", "2026:" + std::string(64, 'a') + "\n");
    expect_failure("seal key", "it is gone", "--seal-key");
    write_private("/data/seal.key", "2027:" + std::string(64, 'b') + "\n");
    expect_failure("seal key", "'2026' has sealed something here", "--seal-key");
}

TEST_F(DoctorOfWhatIsKept, RefusesAKeyThatIsNone) {
    options.sealing.key_file = root + "/key";
    expect_failure("seal key", "No such file", "--seal-key");
    write_private("/key", "2026:this is no key");
    expect_failure("seal key", "line 1 is no key", "--seal-key");
    write_private("/key", "2026:" + std::string(64, 'a') + "\n");
    EXPECT_EQ(finding("seal key").verdict, Verdict::pass);
    EXPECT_FALSE(fs::exists(root + "/data")) << "nothing is changed";
}

TEST_F(DoctorOfWhatIsKept, RefusesAFolderThatTakesNoFiles) {
    options.sealing.on = false;
    options.data_folder = "/proc/nothing";
    expect_failure("recordings", "no file can be made in /proc", "--data");
    write("/file", "");
    options.data_folder = root + "/file";
    expect_failure("recordings", root + "/file is no folder", "--data");
}

TEST_F(DoctorOfWhatIsKept, SeesAnotherServerInTheFolder) {
    EXPECT_EQ(finding("data folder").found, root + "/data");
    write("/data/lock", "");
    struct stat about {};
    ASSERT_EQ(stat((root + "/data/lock").c_str(), &about), 0);
    char line[200];
    std::snprintf(line, sizeof(line), "1: FLOCK  ADVISORY  READ 4711 %02x:%02x:%lu 0 EOF\n",
                  major(about.st_dev), minor(about.st_dev), about.st_ino);
    write("/proc/locks", line);
    EXPECT_EQ(finding("data folder").verdict, Verdict::warn);
    EXPECT_NE(finding("data folder").fix.find("--take-over"), std::string::npos);
    options.recording.what = Recording::What::none;
    EXPECT_EQ(finding("data folder").verdict, Verdict::pass);
}

TEST_F(DoctorTest, RefusesATakeOverOfWhatIsNoSocket) {
    write("/file", "");
    for (const char* name : {"/file", "/"}) {
        options.take_over = root + name;
        expect_only("take-over", Verdict::fail, "is no socket", "--take-over");
    }
}

TEST_F(DoctorTest, LooksAtThisMachineToo) {
    const auto here = Doctor{options, "", ring::probe()}.examine();
    EXPECT_EQ(here.size(), examine().size());
}

}  // namespace
}  // namespace parley::server
