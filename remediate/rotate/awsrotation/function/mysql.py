

# MariaDB and MySQL, by PyMySQL.

import contextlib

import pymysql

REFUSED = pymysql.err.OperationalError


def refused(error):
    """A wrong password, or a user who is not let in or locked."""
    return error.args[0] in (1045, 1698, 3118, 4151)


@contextlib.contextmanager
def connect(credential):
    database = pymysql.connect(
        user=credential["username"], password=credential["password"], host=credential["host"], port=int(credential["port"]),
        database=credential["dbname"], ssl=tls(), connect_timeout=10)
    try:
        yield database
    finally:
        database.close()


def ask(database, question, *args):
    with database.cursor() as cursor:
        cursor.execute(question, args)
        return cursor.fetchall()


def set_password(database, current, fresh, password):
    """The server gets a hash where its way of keeping passwords has one: no log of statements holds the password then."""
    ask(database, "SET SESSION sql_mode = ''")
    accounts = {name: dict(ask(database, "SELECT Host, plugin FROM mysql.user WHERE User = %s", name)) for name in (current, fresh)}
    if not accounts[fresh]:
        raise ValueError("the second user is not there: have oakum rotate once, which makes it")
    if accounts[fresh].keys() != accounts[current].keys():
        raise ValueError("the two users do not have the same hosts: have oakum rotate once, which tells them and makes them")
    for host in accounts[fresh]:
        if grants(database, current, host) != grants(database, fresh, host):
            raise ValueError("the two users do not have the same rights: have oakum rotate once, which tells them and copies them")
    for host, plugin in accounts[current].items():
        if plugin == "mysql_native_password":
            once = hashlib.sha1(password.encode()).digest()
            ask(database, "ALTER USER %s@%s IDENTIFIED WITH mysql_native_password AS %s ACCOUNT UNLOCK", fresh, host, "*" + hashlib.sha1(once).hexdigest().upper())
        elif plugin == "caching_sha2_password":
            ask(database, "ALTER USER %s@%s IDENTIFIED WITH caching_sha2_password BY %s ACCOUNT UNLOCK", fresh, host, password)
        else:
            raise ValueError("the current user proves itself in a way that this function does not set: " + plugin)


def grants(database, user, host):
    """What SHOW GRANTS says, without the user and its password."""
    lines = set()
    for (line,) in ask(database, "SHOW GRANTS FOR %s@%s", user, host):
        for quote in "`'":
            line = line.replace(f"{quote}{user}{quote}@{quote}{host}{quote}", "ACCOUNT")
        head, _, tail = line.partition(" IDENTIFIED ")
        lines.add(head + (" WITH GRANT OPTION" if "WITH GRANT OPTION" in tail else ""))
    return lines
