// certificates: made for a test, as files in a folder that goes with it.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <openssl/pem.h>
#include <string>

#include "base/assert.h"
#include "net/openssl.h"
#include "net/tls_certificate.h"

namespace parley::test {

using namespace net::tls;

class Folder {
public:
    Folder() {
        std::string name = (std::filesystem::temp_directory_path() / "parley-XXXXXX").string();
        PARLEY_ASSERT(mkdtemp(name.data()) != nullptr);
        path_ = name;
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder() { std::filesystem::remove_all(path_); }

    std::string path(const std::string& name) const { return (path_ / name).string(); }
    std::string write(const std::string& name, const std::string& text) const {
        std::ofstream{path(name)} << text;
        return path(name);
    }

private:
    std::filesystem::path path_;
};

struct Wish {
    std::string names = "DNS:localhost";  ///< as X509V3_EXT_conf_nid reads them
    bool rsa = false;
    long from_seconds = -60;  ///< of now
    long to_seconds = 3600;
    const char* passphrase = nullptr;  ///< of the key file
};

/// Writes NAME.crt and NAME.key, self-signed: whoever trusts the file trusts exactly this one.
inline Files make_certificate(const Folder& folder, const std::string& name, const Wish& wish) {
    const KeyHandle key{wish.rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256")};
    const CertificateHandle leaf{X509_new()};
    X509_set_version(leaf.get(), X509_VERSION_3);
    static long serial = 0;
    ASN1_INTEGER_set(X509_get_serialNumber(leaf.get()), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(leaf.get()), wish.from_seconds);
    X509_gmtime_adj(X509_getm_notAfter(leaf.get()), wish.to_seconds);
    X509_set_pubkey(leaf.get(), key.get());
    const auto* title = reinterpret_cast<const unsigned char*>(name.c_str());
    X509_NAME* subject = X509_get_subject_name(leaf.get());
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, title, -1, -1, 0);
    X509_set_issuer_name(leaf.get(), subject);
    X509_EXTENSION* names =
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, wish.names.c_str());
    PARLEY_ASSERT(names != nullptr && X509_add_ext(leaf.get(), names, -1) == 1);
    X509_EXTENSION_free(names);
    PARLEY_ASSERT(X509_sign(leaf.get(), key.get(), EVP_sha256()) > 0);

    const Files files{folder.path(name + ".crt"), folder.path(name + ".key")};
    std::FILE* out = std::fopen(files.certificate.c_str(), "w");
    PARLEY_ASSERT(out != nullptr && PEM_write_X509(out, leaf.get()) == 1);
    std::fclose(out);
    out = std::fopen(files.key.c_str(), "w");
    PARLEY_ASSERT(out != nullptr);
    const auto* phrase = reinterpret_cast<const unsigned char*>(wish.passphrase);
    const int size = wish.passphrase == nullptr ? 0 : static_cast<int>(strlen(wish.passphrase));
    PARLEY_ASSERT(PEM_write_PrivateKey(out, key.get(),
                                       wish.passphrase == nullptr ? nullptr : EVP_aes_128_cbc(),
                                       phrase, size, nullptr, nullptr) == 1);
    std::fclose(out);
    return files;
}

}  // namespace parley::test
