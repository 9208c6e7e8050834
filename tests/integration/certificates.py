"""Certificates for tests, made with the `openssl` program, and clients that trust them."""
import hashlib
import pathlib
import ssl

from parley_testing import check_equal, run


def make(folder, name, names, rsa=False, passphrase=None):
    """A self-signed certificate: NAME.pem and NAME.key."""
    cert, key = folder / f"{name}.pem", folder / f"{name}.key"
    kind = ["rsa:2048"] if rsa else ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    lock = ["-passout", f"pass:{passphrase}"] if passphrase else ["-nodes"]
    done = run(["openssl", "req", "-x509", "-newkey", *kind, *lock, "-keyout", key, "-out", cert,
                "-subj", f"/CN={name}", "-addext", f"subjectAltName={names}", "-days", "2"])
    check_equal(done.returncode, 0, done.stderr)
    return cert, key


def expired(folder):
    """`openssl req` knows no past: `openssl ca` does."""
    cert, key = make(folder, "old", "IP:127.0.0.1")
    request = folder / "old.csr"
    (folder / "index.txt").write_text("")
    (folder / "serial").write_text("01\n")
    config = folder / "ca.cnf"
    config.write_text(f"[ca]\ndefault_ca=it\n[it]\ndatabase={folder}/index.txt\nserial={folder}/serial\n"
                      f"new_certs_dir={folder}\ndefault_md=sha256\npolicy=any\n[any]\ncommonName=supplied\n")
    run(["openssl", "req", "-new", "-key", key, "-subj", "/CN=old", "-out", request])
    done = run(["openssl", "ca", "-batch", "-selfsign", "-config", config, "-in", request, "-keyfile",
                key, "-out", cert, "-notext", "-startdate", "20200101000000Z", "-enddate",
                "20210101000000Z"])
    check_equal(done.returncode, 0, done.stderr)
    return cert, key


def trusting(cert, version=None):
    """How a client connects that trusts this certificate alone, in this version of TLS alone."""
    context = ssl.create_default_context(cafile=cert)
    if version is not None:
        context.minimum_version = context.maximum_version = version
    return context


def fingerprint_of(cert):
    der = ssl.PEM_cert_to_DER_cert(pathlib.Path(cert).read_text())
    return ":".join(f"{octet:02X}" for octet in hashlib.sha256(der).digest())
