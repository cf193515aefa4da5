INSERT INTO ticks (name, at) VALUES ('beat', %(now)s), ('sweep', %(now)s)
