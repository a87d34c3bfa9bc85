"""`python -m tests.mutation`, `make mutation`: the mutation score of the modules that the promises rest on.

One small change is made in a module at a time, and the tests of that module must notice it. What may be changed is not
of our choosing: mutmut's operators make the changes (and one more, see `making`). What mutmut does not do here is run
them, for three reasons:

- it starts pytest anew for each change, and a start that makes Django's database and stretches passphrases takes half a
  minute; here the session is warm, and each change is tried in a fork of it (`session`);
- it leaves decorated functions alone, which are most of what opens a connection or takes a lock here;
- it changes functions alone, and the rules of the product are tables: which state may follow which.

cosmic-ray starts a process for each change as well, and its operators neither take an argument from a call nor change
what is assigned.

Left alone, and said so: texts with a space in them (words for people, and SQL that only a database reads), a text's
case, what is evaluated once when a class or a decorator is made, and triple-quoted text.
"""
