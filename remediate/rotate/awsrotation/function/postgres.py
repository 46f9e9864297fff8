

# PostgreSQL, by pg8000.

import base64
import contextlib
import hmac

import pg8000.exceptions
import pg8000.native
from pg8000.native import identifier, literal

REFUSED = pg8000.exceptions.DatabaseError


def refused(error):
    """A wrong password, or a user who is not let in."""
    return isinstance(error.args[0], dict) and error.args[0].get("C") in ("28P01", "28000")


@contextlib.contextmanager
def connect(credential):
    database = pg8000.native.Connection(
        credential["username"], password=credential["password"], host=credential["host"], port=int(credential["port"]),
        database=credential["dbname"], ssl_context=tls(), timeout=10, application_name="oakum rotation")
    try:
        yield database
    finally:
        database.close()


def ask(database, question):
    database.run("START TRANSACTION READ ONLY")
    database.run(question)
    database.run("ROLLBACK")


def set_password(database, current, fresh, password):
    """The server gets what it would keep of the password: no log of statements holds it."""
    database.run("SET search_path = ''")
    rows = database.run("SELECT rolname, rolsuper, coalesce(shobj_description(oid, 'pg_authid'), '') FROM pg_roles WHERE rolname = ANY (CAST(:names AS text[]))", names=[current, fresh])
    roles = {name: (power, comment) for name, power, comment in rows}
    if len(roles) != 2:
        raise ValueError("the second user is not there: have oakum rotate once, which makes it")
    marks = {current: "oakum: takes turns with " + fresh, fresh: "oakum: takes turns with " + current}
    if not any(roles[name][1].split(", op ")[0] == mark for name, mark in marks.items()):
        raise ValueError("neither user's comment says that they take turns: have oakum rotate once")
    if roles[fresh][0]:
        raise ValueError("the second user is a superuser")
    if database.run(ALIKE, a=current, b=fresh)[0][0]:
        raise ValueError("the two users do not have the same rights: have oakum rotate once, which tells them and copies them")
    database.run("ALTER ROLE " + identifier(fresh) + " LOGIN PASSWORD " + literal(verifier(password)))


# ALIKE counts what one of two roles has and the other has not: groups, on which things
# they have rights in any database, and which rights those are in this one.
ALIKE = """
WITH has AS (SELECT r.rolname, d.dbid, d.classid, d.objid, d.objsubid, d.deptype::text FROM pg_shdepend d JOIN pg_roles r ON r.oid = d.refobjid
    WHERE d.refclassid = 'pg_authid'::regclass AND d.deptype IN ('a', 'r', 'o') AND d.classid <> 'pg_default_acl'::regclass
  UNION ALL SELECT r.rolname, 0, 0, m.roleid, 0, 'member' FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member
  UNION ALL SELECT r.rolname, 0, 0, t.oid, t.part, a.privilege_type || a.is_grantable FROM (
    SELECT oid, 0 AS part, relacl AS acl FROM pg_class UNION ALL SELECT attrelid, attnum, attacl FROM pg_attribute UNION ALL SELECT oid, 0, nspacl FROM pg_namespace
    UNION ALL SELECT oid, 0, datacl FROM pg_database UNION ALL SELECT oid, 0, proacl FROM pg_proc UNION ALL SELECT oid, 0, typacl FROM pg_type) t, aclexplode(t.acl) a JOIN pg_roles r ON r.oid = a.grantee)
SELECT count(*) FROM (
  (SELECT dbid, classid, objid, objsubid, deptype FROM has WHERE rolname = CAST(:a AS text) EXCEPT SELECT dbid, classid, objid, objsubid, deptype FROM has WHERE rolname = CAST(:b AS text))
  UNION ALL (SELECT dbid, classid, objid, objsubid, deptype FROM has WHERE rolname = CAST(:b AS text) EXCEPT SELECT dbid, classid, objid, objsubid, deptype FROM has WHERE rolname = CAST(:a AS text))) x"""


def verifier(password):
    """A SCRAM-SHA-256 verifier (RFC 5803), as PostgreSQL makes one; the password is ASCII."""
    rounds, salt = 4096, secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, rounds)
    client, server = (hmac.digest(salted, word, "sha256") for word in (b"Client Key", b"Server Key"))
    b64 = lambda b: base64.b64encode(b).decode()
    return f"SCRAM-SHA-256${rounds}:{b64(salt)}${b64(hashlib.sha256(client).digest())}:{b64(server)}"
